#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "core/supervision/supervision.hpp"

namespace bulkhead_test {

using namespace bulkhead;
using namespace std::chrono_literals;
namespace commands = core::commands;
using core::child_id;
using core::instant;

struct law_broken : std::runtime_error {
  using std::runtime_error::runtime_error;
};

inline void law(bool holds, const char* what) {
  if (!holds) throw law_broken{what};
}

// What the model knows of a child: its process, as the commands and reports made it, and its past.
struct modelled {
  child_spec spec;
  std::uint64_t incarnation = 0;
  bool alive = false;
  bool entered = false;
  bool up = false;
  bool asked = false;  // To stop, by request_stop or by a kill for that.
  bool killed = false;
  bool unproven = true;    // Added, and neither up nor restarted by hand yet.
  bool automatic = false;  // The next or present start is a restart.
  bool stop_wanted = false;
  bool to_stop = false;   // For its group's restart, which has not begun to start it again.
  bool in_group = false;  // Its group is to start it.
  bool stays = false;     // It was terminated while it was to be stopped for its group.
  instant started_at, asked_at, up_at;
  std::optional<instant> due;  // A start is owed at that time.
  std::uint64_t failures = 0;
  std::vector<std::pair<instant, instant>> down;  // From a counted failure to up or terminated.
  bool is_down = false;
};

struct counted {
  child_id id;
  instant at;
};

/// What the sequences reached, to see that they test what they are meant to.
struct reached {
  std::uint64_t events = 0;
  std::uint64_t gave_up = 0;
  std::uint64_t over_budget = 0;
  std::uint64_t significant = 0;
  std::uint64_t group_stops = 0;
  std::uint64_t group_starts = 0;
  std::uint64_t dynamic = 0;
};

/// A supervisor of a random strategy over random children, requests, ends and times, and beside it
/// a model that decides by itself, in the simplest way, what must follow. A difference throws
/// law_broken.
class world {
 public:
  world(std::uint64_t seed, reached& so_far);
  void run(int steps);

 private:
  std::uint64_t below(std::uint64_t n) { return random_() % n; }
  bool one_in(std::uint64_t n) { return below(n) == 0; }
  supervisor_options pick_options();
  child_spec pick_spec();
  void pick_group_rules(child_spec& spec);
  [[nodiscard]] bool is_dynamic() const { return options_.strategy == strategy::dynamic; }
  [[nodiscard]] bool restarts_groups() const {
    return options_.strategy == strategy::one_for_all ||
           options_.strategy == strategy::rest_for_one;
  }
  exit_status pick_status();

  // -- what happens
  void step();
  void add();
  void added(child_id id, child_spec spec);
  modelled* any(child_id& id);
  void request();
  void terminated(child_id id, modelled& m);
  void pass(std::chrono::nanoseconds time);
  void tick_at_deadline();
  void shutdown();
  void report();
  void report_stale();
  bool end_some_asked();

  // -- what must follow
  void came_up(modelled& m);
  void end_down(modelled& m);
  void died(child_id id, modelled& m, const exit_status& status);

  // Decides, without the machine, what the end of this process leads to.
  void expect_after(child_id id, modelled& m, const exit_status& status, bool was_up);
  void expect_after_stop(child_id id, modelled& m);
  void expect_no_restart(child_id id, modelled& m);
  [[nodiscard]] static bool is_restarted(const child_spec& spec, const exit_status& status);
  [[nodiscard]] bool is_forgotten(const modelled& m) const {
    return is_dynamic() || m.spec.restart == restart::temporary;
  }
  void count(child_id id, modelled& m);
  bool too_many(child_id only, restart_limit most, std::chrono::nanoseconds period) const;
  void regroup(child_id failed);
  void begin_end();

  // Brute force: the time since the failure, less all time since in which its child was down.
  std::chrono::nanoseconds age(const counted& each) const;
  const std::vector<std::pair<instant, instant>>& pasts_of(child_id id) const;
  void forget(child_id id) { gone_.push_back(id); }

  // -- the machine's commands against all that
  void drain();
  void check(const commands::start& start);
  void check(const commands::request_stop& stop);
  void check(const commands::kill& kill);
  void asked_to_stop(child_id id, modelled& m);
  void check(const commands::emit& emit);
  void check_delay(const modelled& m, std::chrono::nanoseconds delay) const;
  void check(const commands::all_started&) { law(false, "there is no list of first children"); }
  void check(const commands::ended&);
  void check_group_start(child_id id);
  void check_group() const;
  void check_end() const;
  [[nodiscard]] child_id last_to_stop() const;
  [[nodiscard]] bool group_waits_for_start() const;
  void check_counts() const;
  void check_deadlines() const;

  std::mt19937_64 random_;
  reached& reached_;
  supervisor_options options_;
  child_spec every_child_;  // Of a dynamic supervisor.
  std::optional<core::supervision> machine_;
  instant now_{1h};
  std::map<child_id, modelled> children_;
  std::map<child_id, std::vector<std::pair<instant, instant>>> forgotten_;
  std::vector<child_id> gone_;
  std::vector<counted> log_;
  child_id newest_ = 0;
  bool ending_ = false;
  bool must_give_up_ = false;
  std::size_t history_ = 0;     // How many failures it must name.
  instant group_not_before_;    // No child of a group is started earlier.
  child_id group_starter_ = 0;  // The last that was started for its group.
  bool ended_ = false;
};

}  // namespace bulkhead_test
