# Every target sets up what it needs; a second time that costs nothing.
BIN := .venv/bin
TEST_WORKERS ?= $(shell nproc 2>/dev/null || echo 2)

.PHONY: help setup setup-test demo test test-long quarter screenshots check format lock clean

help:
	@echo "make demo      两周的门店，一分钟看完 · a shop's fortnight in a minute"
	@echo "make setup     只做准备，得到 .venv/bin/qunce · set-up alone"
	@echo "make test      全部测试 · all tests"
	@echo "make test-long 要几分钟的测试 · tests that take minutes"
	@echo "make quarter   12 家门店的 90 天，要很久 · twelve shops' ninety days, takes long"
	@echo "make screenshots 后台每一页的截图，放进 docs/screenshots · pictures of every page"
	@echo "make check     格式、检查、类型、导入约定 · format, lint, types, import contracts"
	@echo "make format    整理代码格式 · format the code"
	@echo "make lock      更新依赖锁定文件 · renew the lock files"
	@echo "make clean     删除 .venv 和缓存 · remove .venv and caches"

setup:
	@scripts/setup.sh

setup-test:
	@scripts/setup.sh test

demo: setup
	@$(BIN)/qunce demo

test: setup-test
	@$(BIN)/pytest -n $(TEST_WORKERS) --dist worksteal $(ARGS)

test-long: setup-test
	@$(BIN)/pytest -m long $(ARGS)

quarter: setup-test
	@$(BIN)/python -m bench.quarter $(ARGS)

screenshots: setup-test
	@$(BIN)/python scripts/screenshots.py $(ARGS)

check: setup-test
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: setup-test
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

lock: setup
	@scripts/lock.sh

clean:
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
