// Random failures, ends and times over one_for_all and rest_for_one, against laws that hold
// whatever happens.
#include <algorithm>
#include <cstdlib>
#include <optional>
#include <random>
#include <vector>

#include "runtime/supervision_script.hpp"

using namespace bulkhead_test;
namespace commands = core::commands;

namespace {

struct process {
  std::uint64_t incarnation = 0;
  bool alive = false, up = false, asked = false;
};

class groups {
 public:
  explicit groups(std::uint64_t seed)
      : random_{seed},
        all_{random_() % 2 == 0},
        machine_{{.strategy = all_ ? strategy::one_for_all : strategy::rest_for_one,
                  .intensity = unlimited},
                 "main",
                 [this] { return random_(); }} {
    const std::size_t many = 2 + below(5);
    for (std::size_t n = 0; n < many; ++n) {
      children_.emplace_back();
      child_spec spec{.name = std::string(1, static_cast<char>('a' + n))};
      spec.restart = below(3) == 0 ? restart::transient : restart::permanent;
      spec.start_timeout = 1000h;  // supervision_random_test has those
      spec.backoff.initial = std::chrono::milliseconds{below(3) * 10};
      static_cast<void>(machine_.add({spec, child_kind::worker}, now_));
      drain();
      come_up(n);
    }
  }

  void run(int steps) {
    for (int n = 0; n < steps; ++n) step();
    settle();
    // A transient child may have ended normally; all others are up again.
    for (const child_info& each : machine_.which_children()) {
      if (each.restart == restart::permanent) REQUIRE(each.state == child_state::running);
    }
    machine_.shutdown(now_);
    drain();
    settle();
    REQUIRE(machine_.has_ended());
  }
  std::uint64_t events = 0;

 private:
  std::size_t below(std::size_t n) { return random_() % n; }

  void step() {
    ++events;
    const std::size_t who = below(children_.size());
    process& p = children_[who];
    switch (below(4)) {
      case 0:
        now_ += std::chrono::milliseconds(below(20));
        machine_.tick(now_);
        return drain();
      case 1:
        if (p.alive && !p.up) come_up(who);
        return;
      default:
        if (p.alive && (p.asked || below(6) == 0)) end(who);
    }
  }

  // Whatever is asked of the children they do, and time passes, until nothing more happens.
  void settle() {
    for (int rounds = 0; rounds < 200; ++rounds) {
      for (std::size_t who = 0; who < children_.size(); ++who) {
        if (children_[who].alive && children_[who].asked) end(who);
        if (children_[who].alive && !children_[who].up) come_up(who);
      }
      const bool is_starting = std::any_of(children_.begin(), children_.end(),
                                           [](const process& p) { return p.alive && !p.up; });
      if (const auto next = machine_.next_deadline(); next && !is_starting) {
        now_ = std::max(now_, *next);
        machine_.tick(now_);
        drain();
      }
    }
  }

  void come_up(std::size_t who) {
    process& p = children_[who];
    p.up = true;
    machine_.started(who + 1, p.incarnation, 7, now_);
    drain();
  }

  void end(std::size_t who) {
    process& p = children_[who];
    const bool failed = !p.asked;
    p.alive = p.up = false;
    const exit_status how = below(4) == 0 ? normal_end() : by_signal(11);
    if (failed) oldest_failed_ = std::min(oldest_failed_, who);
    machine_.exited(who + 1, p.incarnation, how, now_);
    drain();
  }

  void drain() {
    for (const core::command& command : machine_.take_commands()) {
      if (const auto* c = std::get_if<commands::start>(&command)) started(*c);
      if (const auto* c = std::get_if<commands::request_stop>(&command)) stopped(c->id - 1);
      if (std::holds_alternative<commands::ended>(command)) {
        REQUIRE(std::none_of(children_.begin(), children_.end(), [](auto& p) { return p.alive; }));
      }
    }
    const auto is_busy = [](const process& p) { return p.alive && (p.asked || !p.up); };
    if (std::none_of(children_.begin(), children_.end(), is_busy) && !machine_.next_deadline()) {
      oldest_failed_ = children_.size();
    }
  }

  void started(const commands::start& c) {
    process& p = children_[c.id - 1];
    REQUIRE_FALSE(p.alive);  // no two incarnations of a child run at once
    REQUIRE(c.incarnation == p.incarnation + 1);
    // A group starts in order, each once the one before it is up; stops are over by then.
    for (std::size_t n = 0; n < children_.size(); ++n) {
      REQUIRE_FALSE((children_[n].alive && children_[n].asked));
      REQUIRE_FALSE((children_[n].alive && !children_[n].up));
      if (n + 1 > c.id && c.id - 1 >= oldest_failed_ && all_) REQUIRE_FALSE(children_[n].alive);
    }
    p = {.incarnation = c.incarnation, .alive = true, .up = false, .asked = false};
  }

  void stopped(std::size_t who) {
    REQUIRE(children_[who].alive);
    REQUIRE_FALSE(children_[who].asked);
    const bool ending = machine_.doing("a").has_value() && oldest_failed_ == children_.size();
    // Nothing is stopped without a failure, and nothing before the one that failed.
    if (!ending && !all_) REQUIRE(who > oldest_failed_);
    for (std::size_t n = 0; n < children_.size(); ++n) {
      REQUIRE_FALSE((n != who && children_[n].alive && children_[n].asked));  // one at a time
      if (n > who) REQUIRE_FALSE(children_[n].alive);                         // in reverse
    }
    children_[who].asked = true;
  }

  std::mt19937_64 random_;
  bool all_;
  core::instant now_{1h};
  core::supervision machine_;
  std::vector<process> children_;
  std::size_t oldest_failed_ = 100;  // since nothing went on last
};

}  // namespace

TEST_CASE("groups restart by the laws whatever happens", "[supervision][unit]") {
  const char* const given = std::getenv("BULKHEAD_SEED");
  const std::uint64_t first = given != nullptr ? std::stoull(given) : std::random_device{}();
  std::uint64_t events = 0;
  for (std::uint64_t seed = first; events < 200'000; ++seed) {
    INFO("BULKHEAD_SEED=" << seed);
    groups g(seed);
    g.run(400);
    events += g.events;
  }
  CHECK(events >= 200'000);
}
