# SPDX-License-Identifier: MIT
# Copyright (c) 2026 The QDA authors
#
# The front door; everything is done by the scripts that it calls.

MAKEFLAGS += --no-print-directory

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 22

demo: ready-fast ## one call through the whole stack, on a virtual DSP
	@examples/demo/run

test: ready-debug ## all tests, in the VM with the checking kernel
	@tests/run

prove: ready-debug ## what takes too long for that: all suites in a storm of signals, and in 32 bits
	@tests/prove

unit: user ## the tests that need no VM: library, firmware, Hexagon shell
	@vm/unit

check: setup ## style, warnings and static analysis
	@vm/check

bench: ready-fast ## what a call costs, with the old driver and with ours
	@bench/run

bench-reference: ready-fast ## the same, as what CI compares later versions with
	@bench/run --reference

shell: ready-fast ## a shell in the VM
	@vm/run --no-report --interactive

setup: ## the Debian packages that all this needs
	@vm/setup

modules: setup ## the kernel modules, for both kernels
	@vm/kernel all
	@vm/modules debug
	@vm/modules fast

ready-fast ready-debug: ready-%: setup user
	@vm/kernel $*
	@vm/modules $*

user: setup ## the library, the tool, the virtual DSP's firmware, the DSP side
	@vm/user

report: ## everything a bug report needs, in out/report.txt
	@vm/report

clean: ## what was built in this checkout
	@rm -rf build out

clean-cache: ## the kernels and all that was fetched
	@vm/clean-cache

.PHONY: help demo test prove bench unit check shell setup modules user report clean clean-cache
.PHONY: bench-reference ready-fast ready-debug
