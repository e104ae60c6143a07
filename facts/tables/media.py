"""What can carry data out or take it in: removable media, cameras and microphones, printers."""

from facts.spec import Column, Privacy, TableSpec, Type
from facts.words import Words

_PLACE = Column(
    "sysfs_path",
    Type.TEXT,
    "在设备树中的位置；经 USB 接入的，开头与 usb_devices.sysfs_path 相同。",
    "Place in the device tree; begins with usb_devices.sysfs_path when attached by USB.",
)
_BUS = Column(
    "bus",
    Type.TEXT,
    "所在总线：usb、pci、sdio、platform，虚拟设备为 virtual。",
    "usb, pci, sdio, platform or virtual.",
)
_DISK_SOURCE = (
    "/sys/class/block",
    "/sys/class/block/*",
    "/sys/class/block/<disk>/removable",
    "/sys/class/block/<disk>/ro",
    "/sys/class/block/<disk>/size",
    "/sys/class/block/<disk>/stat",
    "/sys/class/block/<disk>/serial",
    "/sys/class/block/<disk>/device/type",
    "/sys/class/block/<disk>/device/vendor",
    "/sys/class/block/<disk>/device/model",
    "/sys/class/block/<disk>/device/name",
    "/sys/class/block/<disk>/device/serial",
    "/sys/class/block/<disk>/device/vpd_pg80",
    "/sys/bus/usb/devices/<device>/serial",
    "/sys/bus/usb/devices/<device>/removable",
    "/sys/bus/pci/devices/<slot>/removable",
)

REMOVABLE_MEDIA = TableSpec(
    name="removable_media",
    version=1,
    doc=Words(
        "可带走的存储：U盘、移动硬盘、存储卡、光驱，以及一切经 USB 接入的磁盘。",
        "Storage that can be carried away: sticks, portable disks, cards, optical drives, and "
        "every disk attached by USB.",
    ),
    source=_DISK_SOURCE,
    notes=Words(
        "读写量自本次接入时起算，拔除即清零，以 512 字节的扇区计，"
        "经文件系统缓存的写入在落盘后才计入。"
        "读卡器中没有卡时 size 为 0。eSATA 接口，以及 5.14 以前内核上经雷电接入的磁盘，"
        "在内核中与机内磁盘无异，不在此表。",
        "Counters start when it is attached, end with it, count sectors of 512 bytes, and see a "
        "write once it has left the cache. A reader without a card has the size 0. To the kernel "
        "a disk on eSATA, and before 5.14 one on Thunderbolt, looks built in; it is not here.",
    ),
    columns=(
        Column("name", Type.TEXT, "设备节点，如 /dev/sdb。", "Device node, such as /dev/sdb."),
        Column(
            "kind",
            Type.TEXT,
            "种类：`disk` 磁盘或 U盘，`card` 存储卡，`optical` 光驱。",
            "`disk` (a stick too), `card` or `optical`.",
        ),
        _BUS,
        Column(
            "port_path",
            Type.TEXT,
            "所在 USB 设备的端口路径，如 1-1.2；不经 USB 时为空。",
            "Port path of its USB device, such as 1-1.2; empty without USB.",
        ),
        Column(
            "usb_sysfs_path",
            Type.TEXT,
            "所在 USB 设备在设备树中的位置，与 usb_devices、usb_interfaces 以此关联；不经 USB "
            "时为空。",
            "Place of its USB device, which joins usb_devices and usb_interfaces; empty without "
            "USB.",
        ),
        Column("vendor", Type.TEXT, "设备自报的厂商名。", "Vendor as the device states it."),
        Column("model", Type.TEXT, "设备自报的型号。", "Model as the device states it."),
        Column(
            "serial",
            Type.TEXT,
            "序列号，经 USB 接入的与 usb_devices.serial 相同；设备没有时为空。",
            "Serial number, on USB that of usb_devices.serial; empty when the device has none.",
            Privacy.DEIDENTIFIED,
            "device_serial",
        ),
        Column(
            "size",
            Type.BIGINT,
            "大小，以 512 字节的块计；没有介质时为 0。",
            "Size in blocks of 512 bytes; 0 without a medium.",
        ),
        Column(
            "removable",
            Type.INTEGER,
            "可拔下或取出为 1；经 USB 接入的，同 usb_devices.removable，机内固定端口上的为 0；"
            "未说明为 NULL。",
            "1 when it, or its medium, can be taken out; on USB as usb_devices.removable, 0 on a "
            "built-in port; NULL when nothing says.",
        ),
        Column(
            "medium_removable",
            Type.INTEGER,
            "内核认为介质可取出（不是指设备可插拔）为 1，否则为 0。",
            "1 when the kernel says that its medium can be taken out (not that the device can), "
            "else 0.",
        ),
        Column(
            "read_only", Type.INTEGER, "只读为 1，否则为 0。", "1 when it is read-only, else 0."
        ),
        Column(
            "sectors_read",
            Type.BIGINT,
            "接入以来读出的扇区数，每扇区 512 字节。",
            "Sectors of 512 bytes read since it was attached.",
        ),
        Column(
            "sectors_written",
            Type.BIGINT,
            "接入以来写入的扇区数，每扇区 512 字节。",
            "Sectors of 512 bytes written since it was attached.",
        ),
        Column(
            "ios_in_flight",
            Type.INTEGER,
            "尚未完成的读写请求数；大于 0 即正在读写。",
            "Requests not yet done; above 0 somebody reads or writes now.",
        ),
        Column("partitions", Type.INTEGER, "分区数。", "Number of partitions."),
        _PLACE,
    ),
)

REMOVABLE_MOUNTS = TableSpec(
    name="removable_mounts",
    version=1,
    doc=Words(
        "可带走的存储挂载在哪里，以主机 1 号进程所见为准；加密卷、LVM 一直追到实际挂载的设备。",
        "Where such storage is mounted, as the first process sees it, followed through encryption "
        "and LVM to what is mounted.",
    ),
    source=(
        *_DISK_SOURCE,
        "/sys/class/block/<disk>",
        "/sys/class/block/<device>/dev",
        "/sys/class/block/<device>/dm/name",
        "/sys/class/block/<device>/holders",
        "/proc/1/mountinfo",
        "/proc/self/mountinfo",
    ),
    columns=(
        Column(
            "disk",
            Type.TEXT,
            "所属磁盘，与 removable_media.name 以此关联。",
            "Disk it belongs to; joins removable_media.name.",
        ),
        Column(
            "device",
            Type.TEXT,
            "实际挂载的设备节点，如 /dev/sdb1 或 /dev/dm-3。",
            "What is mounted, such as /dev/sdb1 or /dev/dm-3.",
        ),
        Column("path", Type.TEXT, "挂载点。", "Where it is mounted."),
        Column("type", Type.TEXT, "文件系统类型。", "Type of the file system."),
        Column(
            "flags",
            Type.TEXT,
            "挂载选项，如 rw,nosuid,nodev,noexec。",
            "Options of the mount, such as rw,nosuid,nodev,noexec.",
        ),
    ),
)

CAPTURE_DEVICES = TableSpec(
    name="capture_devices",
    version=1,
    doc=Words("能采集图像或声音的设备。", "Devices that can take pictures or sound."),
    source=(
        "/sys/class/video4linux",
        "/sys/class/video4linux/*",
        "/sys/class/video4linux/<device>/name",
        "/sys/class/video4linux/<device>/uevent",
        "/sys/class/video4linux/<device>/device/driver",
        "/run/udev/data",
        "/run/udev/data/c<major>:<minor>",
        "/sys/class/sound",
        "/sys/class/sound/*",
        "/sys/class/sound/<card>/id",
        "/sys/class/sound/<card>/device/driver",
        "/proc/asound/cards",
        "/proc/asound/pcm",
        "/proc/asound/card<n>/pcm<m>c",
        "/proc/asound/card<n>/pcm<m>c/sub<k>/status",
    ),
    notes=Words(
        "从不打开设备，因此视频设备是否在用无从得知（in_use 为 NULL），可由 process_open_files "
        "推断。"
        "没有驱动的摄像头见 usb_interfaces（类别 0e）。",
        "No device is ever opened, so whether a camera is in use is not known (in_use is NULL); "
        "process_open_files can tell. A camera that no driver serves is in usb_interfaces (class "
        "0e).",
    ),
    columns=(
        Column("kind", Type.TEXT, "种类：`video` 图像，`audio` 声音。", "`video` or `audio`."),
        Column(
            "device",
            Type.TEXT,
            "设备节点，如 /dev/video0、/dev/snd/pcmC0D0c。",
            "Device node, such as /dev/video0 or /dev/snd/pcmC0D0c.",
        ),
        Column(
            "name",
            Type.TEXT,
            "设备或声音流的名称；ALSA 未给出时为 NULL。",
            "Name of the device or stream; NULL where ALSA does not give one.",
        ),
        Column(
            "card",
            Type.TEXT,
            "所属声卡的名称；图像设备同 name。",
            "Name of the sound card; for video the same as name.",
        ),
        Column("driver", Type.TEXT, "驱动；没有时为空。", "Driver; empty when there is none."),
        _BUS,
        Column(
            "captures",
            Type.INTEGER,
            "能采集为 1，不能（如只提供元数据的节点）为 0，无从得知为 NULL。",
            "1 when it can record, 0 when it cannot (a node for metadata, say), NULL when nothing "
            "tells.",
        ),
        Column(
            "in_use",
            Type.INTEGER,
            "正在录音为 1，没有为 0，无从得知为 NULL。",
            "1 when somebody records now, 0 when not, NULL when nothing tells.",
        ),
        _PLACE,
    ),
)

PRINTERS = TableSpec(
    name="printers",
    version=1,
    doc=Words(
        "CUPS 的打印队列和所用的打印服务器，以及直接接在本机端口上的打印机。",
        "Queues and servers that CUPS is given, and printers on a port of this machine.",
    ),
    source=(
        "/etc/cups/printers.conf",
        "/etc/cups/classes.conf",
        "/etc/cups/client.conf",
        "/sys/class/usbmisc",
        "/sys/class/usbmisc/*",
        "/sys/class/printer",
        "/sys/class/printer/*",
    ),
    privilege="root",
    notes=Words(
        "打印机地址只保留协议、主机和端口，其中的用户名、口令、路径一律不读。cups-browsed "
        "自动发现的临时"
        "队列只在内存中，不在此表。没有驱动的 USB 打印机见 usb_interfaces（类别 07）。",
        "Of an address scheme, host and port are kept; users, passwords and paths in it are not "
        "read. Queues that cups-browsed found by itself live in memory and are not here. A USB "
        "printer that no driver serves is in usb_interfaces (class 07).",
    ),
    columns=(
        Column("name", Type.TEXT, "队列、服务器或设备的名称。", "Queue, server or device."),
        Column(
            "kind",
            Type.TEXT,
            "种类：`queue` 打印队列，`class` 队列组，`server` 代为打印的服务器，`device` "
            "本机端口上的设备。",
            "`queue`, `class` (of queues), `server` that prints for this host, `device` on a port.",
        ),
        Column(
            "scheme",
            Type.TEXT,
            "连接方式，如 usb、ipp、socket、lpd、smb、parallel；队列组为 NULL。",
            "How it is reached, such as usb, ipp, socket, lpd, smb or parallel; NULL for a class.",
        ),
        Column("host", Type.TEXT, "所在主机；本机设备为空。", "Host it is on; empty for this one."),
        Column("port", Type.INTEGER, "端口；未写明时为 NULL。", "Port; NULL when not stated."),
        Column("model", Type.TEXT, "CUPS 所知的型号。", "Make and model as CUPS has it."),
        Column(
            "serial",
            Type.TEXT,
            "CUPS 地址中的 USB 序列号，与 usb_devices.serial 可比；没有时为空。",
            "USB serial number in its address, to compare with usb_devices.serial; empty when "
            "there is none.",
            Privacy.DEIDENTIFIED,
            "device_serial",
        ),
        Column("state", Type.TEXT, "状态，如 idle、stopped。", "State, such as idle or stopped."),
        Column(
            "shared", Type.INTEGER, "对网络共享为 1，否则为 0。", "1 when shared on the network."
        ),
        Column("accepting", Type.INTEGER, "接受作业为 1，否则为 0。", "1 when it takes jobs."),
        Column("is_default", Type.INTEGER, "默认队列为 1，否则为 0。", "1 for the default queue."),
        Column("path", Type.TEXT, "写明它的配置文件。", "File that states it."),
        _PLACE,
    ),
)

TABLES: tuple[TableSpec, ...] = (REMOVABLE_MEDIA, REMOVABLE_MOUNTS, CAPTURE_DEVICES, PRINTERS)
