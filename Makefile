# Anfang: make run · make stop · make test · make check · make bench   (make help says more)
.DEFAULT_GOAL := help
SHELL := /bin/sh
PY := .venv/bin/python

.PHONY: help run stop setup test check lint bench recorder fuzz lock clean

help: ## 显示本帮助 / show this help
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 10

run: ## 一条命令：建环境、起服务、纳管本机、扫描、上报、核验回执 / from nothing to a verified scorecard
	@scripts/setup.sh server
	@scripts/run.sh

stop: ## 停止 make run 启动的服务 / stop the server that make run started
	@scripts/stop.sh

setup: ## 安装测试所需的一切 / install all that the tests need
	@scripts/setup.sh server dev
	@scripts/test-packages.sh

test: setup ## 安装测试所需并运行全部测试 / set up and run every test
	@$(PY) -m pytest -n 2 --dist loadgroup $(TESTS)

lint:
	@.venv/bin/ruff format --check .
	@.venv/bin/ruff check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports --no-cache
	@scripts/check-units.sh
	@.venv/bin/anfang policy lint
	@.venv/bin/anfang policy test

check: setup lint ## 提交前的全部检查 / everything a change must pass
	@$(PY) -m pytest -n 2 --dist loadgroup --cov --cov-report=term:skip-covered

bench: setup ## 性能比对（本机，同一次运行） / benchmarks, as ratios in one run
	@failed=0; for each in scan tables events ingest; do $(PY) benchmarks/$$each.py || failed=1; done; exit $$failed

recorder: ## 生成单文件记录程序，供旧系统使用（Python 3.6 起） / the recorder for old hosts: dist/
	@$(PY) scripts/recorder.py

fuzz: setup ## 以随机篡改的内容反复读取每张表 / read every table from mangled sources
	@$(PY) scripts/fuzz.py $(or $(SEEDS),100)

lock: ## 重新生成 requirements/ / rewrite the hashed requirements
	@scripts/lock.sh

clean: stop ## 删除 .venv 与运行状态 / remove .venv and the run state
	rm -rf .venv .run
