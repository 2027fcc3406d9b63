#!/usr/bin/env bash
# Builds everything and runs every test. Needs a Debian system with the .NET SDK; fetches whatever else is missing.
#   ./test.sh                                    all tests
#   ./test.sh --filter FullyQualifiedName~Queue  whatever follows goes to every `dotnet test`
# Exits with 0 only when the build has no warning, at least one test ran, and none failed, hung or crashed.
# Leaves TestResults/*.trx, one log per test project, and TestResults/summary ("passed failed skipped", for .ci/run).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

# Debian packages that the tests need: command, package, how. One line each.
#   unpack   into a cache folder; nothing is installed, so no service of the package is ever registered or started
#   install  for a package that only works in its own place; its services are kept from starting while it is installed
#            (on a system with systemd they may start at the next boot: prefer unpack)
debian_tools='
promtool   prometheus   unpack
spin       spin         unpack
cc         gcc          install
initdb     postgresql   install
pgbouncer  pgbouncer    install
'

hang_timeout=5m       # one test that runs longer is a hang: its host is dumped and killed, and it counts as failed
slow_seconds=1        # tests above this are listed at the end
results=TestResults
tool_cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/asyncruntime-tools

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 DOTNET_CLI_UI_LANGUAGE=en
# No build server outlives the run: a stale one is a wrong result, and a live one keeps a CI job from ending.
export DOTNET_CLI_USE_MSBUILD_SERVER=0 MSBUILDDISABLENODEREUSE=1 UseSharedCompilation=false

main() {
    command -v dotnet >/dev/null || die "The .NET SDK is missing: install the version that global.json names."
    provide_tools
    rm -rf "$results"
    mkdir -p "$results"
    build
    run_tests "$@"
}

die() {
    echo "test.sh: $*" >&2
    exit 1
}

step() { printf '\n== %s\n' "$*"; }

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo -n "$@"; fi
}

# apt-get update once, and only when a package is about to be fetched.
lists_are_fresh=no
refresh_lists() {
    [ "$lists_are_fresh" = yes ] && return
    step "Refreshing the package lists"
    as_root apt-get update -qq || echo "test.sh: apt-get update failed; trying with the lists that are there." >&2
    lists_are_fresh=yes
}

provide_tools() {
    local command package how
    PATH=$PATH:/usr/sbin
    while read -r command package how; do
        [ -n "$command" ] || continue
        PATH=$PATH:$tool_cache/$package/usr/bin:$tool_cache/$package/usr/sbin
        add_postgresql_path
        command -v "$command" >/dev/null && continue
        refresh_lists
        step "Getting $command from the Debian package $package"
        "${how}_package" "$package"
        add_postgresql_path
        hash -r
        command -v "$command" >/dev/null || die "The package $package did not bring $command."
    done <<<"$debian_tools"
    export PATH
}

# Debian keeps the programs of each version of the server in a folder of its own.
add_postgresql_path() {
    local folder
    for folder in /usr/lib/postgresql/*/bin; do PATH=$PATH:$folder; done
}

unpack_package() {
    local folder
    mkdir -p "$tool_cache"
    folder=$(mktemp -d "$tool_cache/unpack.XXXXXX")
    # Unpacked beside its final place and then renamed: an interrupted run leaves no half a tool behind.
    (cd "$folder" && apt-get download -qq "$1" 2>&1 | grep -v unsandboxed || true)
    dpkg-deb -x "$folder/$1"_*.deb "$folder/root" || die "Could not fetch the Debian package $1."
    rm -rf "${tool_cache:?}/$1"
    mv "$folder/root" "$tool_cache/$1"
    rm -rf "$folder"
}

install_package() {
    local policy=/usr/sbin/policy-rc.d denied=no
    if [ ! -e "$policy" ]; then
        printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
        as_root chmod +x "$policy"
        denied=yes
    fi
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$1" </dev/null || true
    if [ "$denied" = yes ]; then as_root rm -f "$policy"; fi
}

build() {
    step "Restoring"
    # --force: judge by the project files, not by what an earlier run left in obj. Once more from nothing before giving up.
    if ! dotnet restore Hosting.sln --force --disable-build-servers; then
        find . -type d -name obj -not -path './.git/*' -prune -exec rm -rf {} +
        dotnet restore Hosting.sln --force --no-http-cache --disable-build-servers
    fi
    step "Building"
    dotnet build Hosting.sln -c Release --no-restore --disable-build-servers -warnaserror
}

# Prints "passed failed skipped" of one .trx file. A run that was aborted counts as one more failure: its tests that
# never came to their turn are in no file.
count_results() {
    awk -v RS='<' '
        /^UnitTestResult[ \t\r\n]/ && match($0, /outcome="[^"]*"/) {
            outcome = substr($0, RSTART + 9, RLENGTH - 10)
            if (outcome == "Passed") passed++
            else if (outcome == "NotExecuted") skipped++
            else failed++
        }
        /^ResultSummary[ \t\r\n]/ { complete = 1 }
        /^Text>The active test run was aborted/ { aborted = 1 }
        END { print passed + 0, failed + (aborted || !complete), skipped + 0 }' "$1"
}

list_slow_tests() {
    cat "$results"/*.trx 2>/dev/null | awk -v RS='<' -v limit="$slow_seconds" '
        /^UnitTestResult[ \t\r\n]/ && match($0, /duration="[^"]*"/) {
            split(substr($0, RSTART + 10, RLENGTH - 11), time, ":")
            seconds = time[1] * 3600 + time[2] * 60 + time[3]
            if (seconds < limit || !match($0, /testName="[^"]*"/)) next
            printf "%8.1f s  %s\n", seconds, substr($0, RSTART + 10, RLENGTH - 11)
        }' | sort -rn | sed -n '1,10p' # not head: it would leave, and a sort that still writes would end the script
}

run_tests() {
    local project name code started passed failed skipped
    local all_passed=0 all_failed=0 all_skipped=0 table='' slow
    for project in tests/*/*.csproj; do
        name=$(basename "$project" .csproj)
        step "$name"
        started=$SECONDS
        code=0
        dotnet test "$project" -c Release --no-build --no-restore --results-directory "$results" \
            --logger "trx;LogFileName=$name.trx" --logger "console;verbosity=minimal" \
            --blame-hang-timeout "$hang_timeout" --blame-hang-dump-type none "$@" \
            </dev/null 2>&1 | tee "$results/$name.log" || code=$?

        passed=0 failed=0 skipped=0
        if [ -f "$results/$name.trx" ]; then
            read -r passed failed skipped < <(count_results "$results/$name.trx")
        fi
        # Only a filter may leave a project without a result.
        if [ $((passed + failed)) -eq 0 ] && [ $# -eq 0 ]; then code=1; fi
        # Whatever went wrong in no test's name: a crashed or hung host, a project that does not load.
        if [ "$code" -ne 0 ] && [ "$failed" -eq 0 ]; then failed=1; fi

        all_passed=$((all_passed + passed)) all_failed=$((all_failed + failed)) all_skipped=$((all_skipped + skipped))
        table+=$(printf '%-36s %6d ok %5d bad %5d skipped %5d s' "$name" "$passed" "$failed" "$skipped" $((SECONDS - started)))$'\n'
    done

    slow=$(list_slow_tests)
    if [ -n "$slow" ]; then
        step "Slow tests"
        echo "$slow"
    fi
    step "Summary"
    printf '%s' "$table"
    echo "$all_passed $all_failed $all_skipped" >"$results/summary"
    [ "$all_failed" -eq 0 ] || die "$all_failed failed, of $((all_passed + all_failed))."
    [ "$all_passed" -gt 0 ] || die "No test ran."
    echo "All $all_passed tests passed."
}

main "$@"
