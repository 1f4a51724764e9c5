#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "stepper/checker.hpp"
#include "stepper/tracer.hpp"

namespace stepper {

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
    operations += o.operations, instructions += o.instructions, kills += o.kills,
        states += o.states;
    recoveries += o.recoveries, recovery_instructions += o.recovery_instructions;
    recovery_kills += o.recovery_kills, recovery_equal += o.recovery_equal;
    checks += o.checks, bad += o.bad, broken_runs += o.broken_runs;
  }
};

/// Kills one operation after each instruction, recovers, kills the recovery, and checks what is
/// left.
class run {
 public:
  run(const scenario& what, const options& how, tracer& trace);
  totals all();

 private:
  // A path with the memory state after each of its steps.
  struct recorded {
    path way;
    std::vector<std::size_t> state_of_step;  // [0] is the state before the first instruction
    std::vector<image> states;
  };

  recorded record(const image& start, const tracer::operation& work);
  void kill(const tracer::operation& work, const recorded& known, std::size_t step,
            const image& start);
  void step_recovery(const image& crash, bool complete, std::size_t state);
  void check(const image& crash, const image& now, bool complete, bool look, const char* when,
             std::size_t state);
  void complain(std::size_t state, const std::string& bad);
  void broken(const char* how, std::size_t step);

  const scenario& what_;
  const options& how_;
  tracer& trace_;
  world world_;
  stage before_;
  std::vector<std::uint64_t> base_;
  totals sum_;
};

}  // namespace stepper
