# make run   start a governed demo database and three things to try
# make demo  the same as a scripted tour that checks itself
# make test  every test
SHELL := /bin/bash
RELEASE := .build/release
BUILD := swift build
SOURCES := Package.swift Sources Tests Fuzz/Package.swift Fuzz/Sources Benchmarks/Package.swift Benchmarks/Classifier \
	Benchmarks/Detect Benchmarks/Mask Benchmarks/Search

.PHONY: install build debug run demo test bench bench-recording bench-allocations bench-masking bench-masker bench-classifier bench-detect bench-search fuzz crash format lint clean

install:
	@scripts/install.sh

# Swift's own libraries become part of the programs: they need no Swift where they run, and run faster.
build: install
	$(BUILD) -c release --static-swift-stdlib

debug: install
	$(BUILD)

run: build
	@scripts/run.sh

demo: build
	@scripts/demo.sh

# The tests of whole processes run the release build, which is what users run.
test: build
	swift build --build-tests
	@scripts/test.sh $(CURDIR)/$(RELEASE)

bench: build
	@Benchmarks/run.sh

# Recorders alone: MB/s and records/s by durability, one and two of them, and how fast that is verified. A part of `make bench`.
bench-recording: build
	BENCH_BIN=$(CURDIR)/$(RELEASE) python3 Benchmarks/recording.py

# Heap allocations per command, against Benchmarks/thresholds.json.
bench-allocations: build
	BENCH_BIN=$(CURDIR)/$(RELEASE) python3 Benchmarks/allocations.py

# What masking costs: rows with ten detectors on every text column, and Masker's memory, which must not grow.
bench-masking: build
	BENCH_BIN=$(CURDIR)/$(RELEASE) python3 Benchmarks/masking.py

# What masking costs by itself: rows with ten detectors, and a value by each style. MASKER_BENCH=tokenize runs one of them.
MASKER_BENCH ?=
bench-masker: install
	swift run --package-path Benchmarks --scratch-path .build-benchmarks -c release --static-swift-stdlib MaskBench $(MASKER_BENCH)

# What classifying one statement costs by itself.
bench-classifier: install
	swift run --package-path Benchmarks --scratch-path .build-benchmarks -c release --static-swift-stdlib ClassifierBench

# A recording of so many commands, the index of its words, and how long searches take: some ten minutes. It needs about 350 bytes a command in SEARCH_FOLDER, which
# SEARCH_KEEP=keep leaves for the next run.
SEARCH_COMMANDS ?= 10000000
SEARCH_FOLDER ?= $(CURDIR)/.build-search
SEARCH_KEEP ?=
bench-search: install
	swift run --package-path Benchmarks --scratch-path .build-benchmarks -c release --static-swift-stdlib SearchBench \
		$(SEARCH_COMMANDS) $(SEARCH_FOLDER) $(SEARCH_KEEP)

# Precision and recall of the detectors on a labelled corpus, beside Presidio's, and their speed.
bench-detect: install
	swift build --package-path Benchmarks --scratch-path .build-benchmarks -c release --product DetectBench
	DETECT_BENCH=$(CURDIR)/.build-benchmarks/release/DetectBench Benchmarks/detect.sh

# Looks for inputs that crash a parser or break what it promises, each for so long; a debug build, whose checks are on.
# FUZZ=stream tries one of them.
FUZZ ?= classifier table stream document
SECONDS_OF_FUZZING ?= 120
SEED ?=
fuzz: install
	swift build --package-path Fuzz --scratch-path .build-fuzz
	@scripts/fuzz.sh "$(FUZZ)" $(SECONDS_OF_FUZZING) $(SEED)

# Kills a recorder's writer at random points, so many times, and looks each time at what it left.
CYCLES ?= 5000
crash: install
	swift build --build-tests
	SLUICE_CRASH_CYCLES=$(CYCLES) SLUICE_CRASH_SEED=$(SEED) swift test --skip-build --filter CrashTests

format:
	swift format --in-place --recursive --parallel $(SOURCES)

lint:
	swift format lint --strict --recursive --parallel $(SOURCES)
	swift build --explicit-target-dependency-import-check error

clean:
	rm -rf .build .build-python .build-python-detect .build-demo .build-benchmarks .build-fuzz .build-search
