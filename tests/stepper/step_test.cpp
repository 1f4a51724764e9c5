// Kills a process after every instruction of every operation of a queue, recovers, kills the recovery too, and looks
// whether anything is lost, doubled, torn or wedged.
//
//   step_test [--only TEXT] [--every] [--brief] [--expect-bad]
//     --only        operations whose name contains TEXT
//     --every       kill the recovery after each instruction, not only after those that changed the memory
//     --brief       do not step recoveries, only run them
//     --expect-bad  succeed if something is wrong: for builds that are broken on purpose

#include <chrono>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>

#include "stepper/checker.hpp"
#include "stepper/tracer.hpp"

namespace {

using namespace stepper;

struct options {
  std::string only;
  bool every = false;
  bool brief = false;
  bool expect_bad = false;
};

struct totals {
  std::uint64_t operations = 0;
  std::uint64_t instructions = 0;
  std::uint64_t kills = 0;
  std::uint64_t states = 0;
  std::uint64_t recoveries = 0;  // that were stepped
  std::uint64_t recovery_instructions = 0;
  std::uint64_t recovery_kills = 0;
  std::uint64_t recovery_equal = 0;
  std::uint64_t checks = 0;
  std::uint64_t bad = 0;
  std::uint64_t broken_runs = 0;  // the test itself did not go as it must

  void add(const totals& o) {
    operations += o.operations, instructions += o.instructions, kills += o.kills, states += o.states;
    recoveries += o.recoveries, recovery_instructions += o.recovery_instructions;
    recovery_kills += o.recovery_kills, recovery_equal += o.recovery_equal;
    checks += o.checks, bad += o.bad, broken_runs += o.broken_runs;
  }
};

// A path with the memory state after each of its steps.
struct recorded {
  path way;
  std::vector<std::size_t> state_of_step;  // [0] is the state before the first instruction
  std::vector<image> states;
};

class run {
 public:
  run(const scenario& what, const options& how, tracer& trace)
      : what_(what), how_(how), trace_(trace), world_(what.max_attempts), before_(world_) {
    what_.set_up(before_);
    const auto* words = reinterpret_cast<const std::uint64_t*>(world_.bytes().data());
    base_.assign(words, words + world_.bytes().size() / sizeof(std::uint64_t));
  }

  totals all() {
    sum_.operations = 1;
    const auto operate = [this] { what_.operate(before_); };
    const recorded done = record({}, operate);
    if (!done.way.finished) {
      complain(0, done.way.trouble);
      return sum_;
    }
    sum_.instructions = done.way.steps();
    sum_.states = done.states.size();
    for (std::size_t k = 1; k <= done.way.steps(); ++k) {
      kill(operate, done, k, {});
      ++sum_.kills;
    }
    const std::size_t last = done.state_of_step.back();
    for (std::size_t n = 0; n < done.states.size(); ++n) {
      const bool complete = n == last;
      check(done.states[n], done.states[n], complete, false, "operation state", n);
      check(done.states[n], done.states[n], complete, true, "operation state (survivor looked)", n);
      if (!how_.brief) step_recovery(done.states[n], complete, n);
    }
    return sum_;
  }

 private:
  recorded record(const image& start, const tracer::operation& work) {
    put_image(world_, base_, start);
    recorded r;
    std::map<image, std::size_t> known;
    std::vector<std::byte> last(world_.bytes().begin(), world_.bytes().end());
    const auto add = [&] {
      image now = take_image(world_, base_);
      const auto [it, fresh] = known.try_emplace(now, r.states.size());
      if (fresh) r.states.push_back(std::move(now));
      r.state_of_step.push_back(it->second);
    };
    add();
    r.way = trace_.follow(work, [&](std::size_t) {
      if (std::memcmp(last.data(), world_.bytes().data(), last.size()) == 0) {
        r.state_of_step.push_back(r.state_of_step.back());
        return;
      }
      std::memcpy(last.data(), world_.bytes().data(), last.size());
      add();
    });
    return r;
  }

  // A real SIGKILL; the memory that it leaves must be what stepping saw there.
  void kill(const tracer::operation& work, const recorded& known, std::size_t step, const image& start) {
    put_image(world_, base_, start);
    if (!trace_.kill_at(work, known.way, step)) {
      broken("the killed process was not at the instruction where it should be", step);
    } else if (take_image(world_, base_) != known.states[known.state_of_step[step]]) {
      broken("the killed process left another memory than the stepped one", step);
    }
  }

  void step_recovery(const image& crash, bool complete, std::size_t state) {
    const auto work = [this] { recover(world_, what_.own_doing); };
    const recorded done = record(crash, work);
    if (!done.way.finished) return complain(state, "recovery: " + done.way.trouble);
    ++sum_.recoveries;
    sum_.recovery_instructions += done.way.steps();
    for (std::size_t k = 1; k <= done.way.steps(); ++k) {
      const bool changed = done.state_of_step[k] != done.state_of_step[k - 1];
      if (!changed && !how_.every) {
        ++sum_.recovery_equal;
        continue;
      }
      kill(work, done, k, crash);
      ++sum_.recovery_kills;
      if (!changed) continue;  // checked with the step that made this state
      const image& half = done.states[done.state_of_step[k]];
      check(crash, half, complete, false, "recovery killed", state);
      check(crash, half, complete, true, "recovery killed (survivor looked)", state);
    }
  }

  // `now` is the crash's memory, or what a killed recovery made of it.
  void check(const image& crash, const image& now, bool complete, bool look, const char* when,
             std::size_t state) {
    put_image(world_, base_, crash);
    checker c(what_, before_);
    c.note_marks();
    put_image(world_, base_, now);
    if (look) c.survivor_looks();
    recover(world_, what_.own_doing);
    ++sum_.checks;
    if (const std::string bad = c.check(complete); !bad.empty()) {
      complain(state, std::string(when) + ": " + bad);
    }
  }

  void complain(std::size_t state, const std::string& bad) {
    if (++sum_.bad <= 3) std::printf("  BAD %s, state %zu: %s\n", what_.name.c_str(), state, bad.c_str());
  }

  void broken(const char* how, std::size_t step) {
    if (++sum_.broken_runs <= 3) std::printf("  TEST FAILS %s, step %zu: %s\n", what_.name.c_str(), step, how);
  }

  const scenario& what_;
  const options& how_;
  tracer& trace_;
  world world_;
  stage before_;
  std::vector<std::uint64_t> base_;
  totals sum_;
};

void print(const char* name, const totals& t) {
  std::printf("%-58s %6lu %6lu %5lu | %4lu %8lu %6lu | %6lu %5lu\n", name, t.instructions, t.kills,
              t.states, t.recoveries, t.recovery_instructions, t.recovery_kills, t.checks, t.bad);
  std::fflush(stdout);
}

int verdict(const options& how, const totals& sum, double seconds, const tracer& trace) {
  std::printf("%lu operations, %lu instructions, a SIGKILL after each: %lu kills, %lu distinct memory states.\n",
              sum.operations, sum.instructions, sum.kills, sum.states);
  std::printf("%lu recoveries stepped, %lu instructions: a SIGKILL after %lu of them; after the other %lu the memory is\n"
              "equal to that after the one before (seen by comparison), so they are covered by it.\n",
              sum.recoveries, sum.recovery_instructions, sum.recovery_kills, sum.recovery_equal);
  std::printf("%lu checks, %lu bad. %lu single steps, %.1f s.\n", sum.checks, sum.bad, trace.single_steps(),
              seconds);
  if (sum.broken_runs != 0) {
    std::printf("verdict: the test itself failed %lu times\n", sum.broken_runs);
    return 2;
  }
  if (how.expect_bad) {
    std::printf("verdict: %s\n", sum.bad != 0 ? "the fault was caught, as it must be" : "THE FAULT WAS NOT CAUGHT");
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
  std::printf("%-58s %6s %6s %5s | %4s %8s %6s | %6s %5s\n", "operation", "instr", "kills", "state", "reco",
              "instr", "kills", "checks", "bad");
  totals sum;
  for (const scenario& what : all_scenarios()) {
    if (what.name.find(how.only) == std::string::npos) continue;
    const totals one = run(what, how, trace).all();
    print(what.name.c_str(), one);
    sum.add(one);
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  return verdict(how, sum, took.count(), trace);
}
