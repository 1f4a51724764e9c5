#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "stepper/world.hpp"

namespace stepper {

/// Everybody's state when the operation begins. Seat 1 performs it and dies; seats 0 and 2 live on.
struct stage {
  explicit stage(const world& w);

  const world* shared;
  party source;      ///< Seat 0 sends into `in`.
  party worker;      ///< Seat 1, the one that dies.
  party survivor;    ///< Seat 2; its cursors have passed whatever it met.
  core::lease held;  ///< The worker's, where the operation is about a lease.
  core::lease held_too;
  std::vector<core::lease> survivors_in;  ///< What the survivor holds all the while.
  std::vector<core::lease> survivors_out;
  std::vector<std::uint64_t>
      bystanders;  ///< Messages that must come out exactly once whatever happens.

  // What setups are made of.
  void give(std::uint64_t value);          ///< The source sends; a bystander.
  void give_subject(std::uint64_t value);  ///< The source sends what the operation is about.
  void worker_takes();                     ///< Into `held`.
  void survivor_takes();                   ///< From `in`, and keeps it.
  void turn_lane(core::producer& lane, std::uint64_t first,
                 std::size_t messages);  ///< Sent and settled.
};

/// Ends the program with a message when a setup does not go as written, which makes a run
/// worthless.
void require(bool truth, const char* what);

/// What came out after the crash: how often each value was delivered, and as which delivery.
using deliveries = std::multimap<std::uint64_t, std::uint32_t>;

/// What the graveyard got, by value.
using burials = std::map<std::uint64_t, std::uint32_t>;

/// One operation that is killed at every instruction.
struct scenario {
  std::string name;
  std::function<void(stage&)> set_up;
  std::function<void(stage&)> operate;
  /// Judges what came out; `complete`: the operation had returned. @returns what is wrong, or an
  /// empty string.
  std::function<std::string(const deliveries&, const burials&, bool complete)> judge;
  std::uint32_t max_attempts = 0;
  std::uint32_t letter_attempts = 1;  ///< What a dead letter must say.
  bool own_doing = false;             ///< The death counts against the messages that it held.
  bool closes_in = false;             ///< The operation or its setup closes this queue.
  bool closes_out = false;
  std::uint32_t total = 0;  ///< Of both queues.
  bool blocks = false;      ///< Messages may lie in blocks.
};

std::vector<scenario> all_scenarios();
/// Those of queues with a total.
std::vector<scenario> scenarios_with_total();
/// Those of messages in blocks, lent or not.
std::vector<scenario> scenarios_with_blocks();
/// Those of the inline way.
std::vector<scenario> scenarios_by_port();

}  // namespace stepper
