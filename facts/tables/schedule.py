"""Tables about what starts by itself: by the clock, with the machine, with a session."""

from facts.spec import Column, Privacy, TableSpec, Type
from facts.words import Words

CRONTAB = TableSpec(
    name="crontab",
    version=1,
    doc=Words(
        "按时运行的任务：cron、anacron、cron.daily 等目录，以及 at 的排队任务。",
        "What runs by the clock: cron, anacron, the directories such as cron.daily, at's queue.",
    ),
    source=(
        "/etc/crontab",
        "/etc/cron.d/**",
        "/usr/sbin/crond",
        "/var/spool/cron",
        "/var/spool/cron/<user>",
        "/var/spool/cron/crontabs/**",
        "/var/spool/cron/tabs/**",
        "/etc/anacrontab",
        "/etc/cron.hourly/**",
        "/etc/cron.daily/**",
        "/etc/cron.weekly/**",
        "/etc/cron.monthly/**",
        "/var/spool/cron/atjobs",
        "/var/spool/at",
        "/var/spool/atjobs",
    ),
    privilege="root",
    osquery=True,
    notes=Words(
        "osquery 把系统 crontab 里的用户名并入命令，这里单列。命令原文可能带口令，只供在本机查看；"
        "检查策略可用 program、paths 和 command_digest。cron.d 里守护进程不认的文件名不列"
        "（cronie 与 Debian 的 cron 规则不同）。at 任务的内容含环境变量，不读取，只列到期时间。"
        "没有安装 cron 时，文件里的任务照样列出。systemd 的定时器在 systemd_units。",
        "osquery leaves the user of a system crontab in the command; here it has a column. A "
        "command may hold a password, so its text is for the keyboard; policies have program, "
        "paths and command_digest. Files of cron.d whose names the daemon does not take are left "
        "out, by the rules of cronie or of Debian's cron. A job of at holds an environment: only "
        "when it is due is read. Jobs in files are listed also without a cron to run them. The "
        "timers of systemd are in systemd_units.",
    ),
    columns=(
        Column(
            "event",
            Type.TEXT,
            "以 @ 写出的时机，如 @reboot；anacron 的周期；at 任务的到期时间。",
            "Event such as @reboot; period of anacron; when a job of at is due.",
        ),
        Column("minute", Type.TEXT, "分钟，crontab 的写法。", "Minute, as crontab writes it."),
        Column("hour", Type.TEXT, "小时。", "Hour."),
        Column("day_of_month", Type.TEXT, "每月的日。", "Day of the month."),
        Column("month", Type.TEXT, "月份。", "Month."),
        Column("day_of_week", Type.TEXT, "星期。", "Day of the week."),
        Column("command", Type.TEXT, "命令原文。", "Command as written.", Privacy.LOCAL),
        Column("path", Type.TEXT, "所在文件。", "File it stands in."),
        Column(
            "kind",
            Type.TEXT,
            "种类：`cron`、`anacron`，目录里的程序为 `directory`，`at` 为排队任务。",
            "`cron`, `anacron`, `directory` for a program in one, `at` for a queued job.",
        ),
        Column("username", Type.TEXT, "以谁的身份运行。", "User it runs as."),
        Column(
            "program",
            Type.TEXT,
            "命令的首个程序，不含前面的变量赋值。",
            "First program of the command, after assignments of variables.",
        ),
        Column(
            "paths",
            Type.TEXT,
            "命令里出现的绝对路径，以空格分隔。",
            "Absolute paths named in the command, separated by blanks.",
        ),
        Column(
            "command_digest",
            Type.TEXT,
            "命令原文的 SHA-256，用来看出命令是否改过。",
            "SHA-256 of the command, which tells whether it was changed.",
            Privacy.DEIDENTIFIED,
            "command",
        ),
    ),
)

STARTUP_ITEMS = TableSpec(
    name="startup_items",
    version=1,
    doc=Words(
        "随开机或登录会话启动的脚本和桌面程序，systemd 单元除外。",
        "Scripts and desktop programs that start with the machine or a session, systemd's units "
        "apart.",
    ),
    source=(
        "/etc/xdg/autostart/**",
        "/etc/rc.d/init.d/**",
        "/etc/init.d/**",
        "/etc/rc.d/rc*.d",
        "/etc/rc*.d",
        "/etc/rc.d/rc.local",
        "/etc/rc.local",
    ),
    osquery=True,
    notes=Words(
        "systemd 单元在 systemd_units，osquery 在此重复列出。osquery "
        "还读取各用户主目录下的自启动项，本系统不看个人目录。"
        "启用与否按运行级别的链接和桌面项的开关判定，osquery 一律记为启用。同名的 systemd "
        "单元会取代 init.d 脚本。",
        "The units of systemd are in systemd_units; osquery repeats them here. osquery also looks "
        "into people's homes, which we do not. Enabled is judged by the links of run levels and "
        "the switches of desktop entries; osquery calls all of them enabled. A unit of the same "
        "name takes the place of a script in init.d.",
    ),
    columns=(
        Column("name", Type.TEXT, "名称。", "Name."),
        Column("path", Type.TEXT, "所启动的程序或脚本。", "Program or script that is started."),
        Column("args", Type.TEXT, "启动参数。", "Its arguments.", Privacy.LOCAL),
        Column("type", Type.TEXT, "恒为 `Startup Item`。", "Always `Startup Item`."),
        Column("source", Type.TEXT, "所在目录。", "Directory that holds the item."),
        Column(
            "status",
            Type.TEXT,
            "启用为 `enabled`，停用为 `disabled`。",
            "`enabled` or `disabled`.",
        ),
        Column(
            "username",
            Type.TEXT,
            "以谁的身份运行；谁登录就以谁运行的为空。",
            "User it runs as; empty if that is whoever signs in.",
        ),
    ),
)

TABLES: tuple[TableSpec, ...] = (CRONTAB, STARTUP_ITEMS)
