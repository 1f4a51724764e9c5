#include "stepper/run.hpp"

#include <cstdio>
#include <cstring>
#include <map>

namespace stepper {

run::run(const scenario& what, const options& how, tracer& trace)
    : what_(what),
      how_(how),
      trace_(trace),
      world_(what.max_attempts, what.total, what.blocks),
      before_(world_) {
  what_.set_up(before_);
  const auto* words = reinterpret_cast<const std::uint64_t*>(world_.bytes().data());
  base_.assign(words, words + world_.bytes().size() / sizeof(std::uint64_t));
}

totals run::all() {
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

run::recorded run::record(const image& start, const tracer::operation& work) {
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
void run::kill(const tracer::operation& work, const recorded& known, std::size_t step,
               const image& start) {
  put_image(world_, base_, start);
  if (!trace_.kill_at(work, known.way, step)) {
    broken("the killed process was not at the instruction where it should be", step);
  } else if (take_image(world_, base_) != known.states[known.state_of_step[step]]) {
    broken("the killed process left another memory than the stepped one", step);
  }
}

void run::step_recovery(const image& crash, bool complete, std::size_t state) {
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
void run::check(const image& crash, const image& now, bool complete, bool look, const char* when,
                std::size_t state) {
  put_image(world_, base_, crash);
  checker c(what_, before_);
  c.note_marks();
  put_image(world_, base_, now);
  c.complain_of_credits();
  if (look) c.survivor_looks();
  recover(world_, what_.own_doing);
  ++sum_.checks;
  if (const std::string bad = c.check(complete); !bad.empty()) {
    complain(state, std::string(when) + ": " + bad);
  }
}

void run::complain(std::size_t state, const std::string& bad) {
  if (++sum_.bad <= 3)
    std::printf("  BAD %s, state %zu: %s\n", what_.name.c_str(), state, bad.c_str());
}

void run::broken(const char* how, std::size_t step) {
  if (++sum_.broken_runs <= 3)
    std::printf("  TEST FAILS %s, step %zu: %s\n", what_.name.c_str(), step, how);
}

}  // namespace stepper
