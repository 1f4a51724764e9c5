// Kills a process after every instruction of every operation of a queue, recovers, kills the
// recovery too, and looks whether anything is lost, doubled, torn or wedged.
//
//   step_test [--only TEXT] [--every] [--brief] [--expect-bad]
//     --only        operations whose name contains TEXT
//     --every       kill the recovery after each instruction, not only where the memory changed
//     --brief       do not step recoveries, only run them
//     --expect-bad  succeed if something is wrong: for builds that are broken on purpose

#include <chrono>
#include <cstdio>
#include <string>

#include "stepper/run.hpp"

namespace {

using namespace stepper;

void print(const char* name, const totals& t) {
  std::printf("%-58s %6lu %6lu %5lu | %4lu %8lu %6lu | %6lu %5lu\n", name, t.instructions, t.kills,
              t.states, t.recoveries, t.recovery_instructions, t.recovery_kills, t.checks, t.bad);
  std::fflush(stdout);
}

int verdict(const options& how, const totals& sum, double seconds, const tracer& trace) {
  std::printf(
      "%lu operations, %lu instructions, a SIGKILL after each: %lu kills, %lu distinct memory "
      "states.\n",
      sum.operations, sum.instructions, sum.kills, sum.states);
  std::printf(
      "%lu recoveries stepped, %lu instructions: a SIGKILL after %lu of them; after the other %lu "
      "the memory is\n"
      "equal to that after the one before (seen by comparison), so they are covered by it.\n",
      sum.recoveries, sum.recovery_instructions, sum.recovery_kills, sum.recovery_equal);
  std::printf("%lu checks, %lu bad. %lu single steps, %.1f s.\n", sum.checks, sum.bad,
              trace.single_steps(), seconds);
  if (sum.broken_runs != 0) {
    std::printf("verdict: the test itself failed %lu times\n", sum.broken_runs);
    return 2;
  }
  if (how.expect_bad) {
    std::printf("verdict: %s\n",
                sum.bad != 0 ? "the fault was caught, as it must be" : "THE FAULT WAS NOT CAUGHT");
    return sum.bad != 0 ? 0 : 1;
  }
  std::printf("verdict: %s\n", sum.bad == 0 ? "nothing lost, doubled, torn or wedged" : "BAD");
  return sum.bad == 0 ? 0 : 1;
}

bool parse(int argc, char** argv, options& how) {
  for (int n = 1; n < argc; ++n) {
    const std::string word = argv[n];
    if (word == "--every") {
      how.every = true;
    } else if (word == "--brief") {
      how.brief = true;
    } else if (word == "--expect-bad") {
      how.expect_bad = true;
    } else if (word == "--only" && n + 1 < argc) {
      how.only = argv[++n];
    } else {
      return false;
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  options how;
  if (!parse(argc, argv, how)) {
    std::fprintf(stderr, "usage: step_test [--only TEXT] [--every] [--brief] [--expect-bad]\n");
    return 2;
  }
  tracer trace;
  if (const std::string why = trace.forbidden(); !why.empty()) {
    std::printf("skipped: %s\n", why.c_str());
    return 77;
  }
  const auto begin = std::chrono::steady_clock::now();
  std::printf("%-58s %6s %6s %5s | %4s %8s %6s | %6s %5s\n", "operation", "instr", "kills", "state",
              "reco", "instr", "kills", "checks", "bad");
  totals sum;
  for (const scenario& what : all_scenarios()) {
    if (what.name.find(how.only) == std::string::npos) continue;
    const totals one = run(what, how, trace).all();
    print(what.name.c_str(), one);
    sum.add(one);
  }
  if (sum.operations == 0) {
    std::fprintf(stderr, "step_test: no operation is named like \"%s\"\n", how.only.c_str());
    return 2;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  return verdict(how, sum, took.count(), trace);
}
