# The developer's menu. Each target is the script of the same name in scripts/, which works without make as well.
.PHONY: setup demo test conformance lint bench
setup demo test conformance lint bench:
	@sh scripts/$@
