#pragma once

#include <bulkhead/child_spec.hpp>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "core/supervision/supervision.hpp"
#include "support/catch.hpp"

namespace bulkhead_test {

using namespace bulkhead;
using namespace std::chrono_literals;

inline exit_status ended_by(death_cause cause, int code, int signal = 0, std::string text = {}) {
  return {.code = code, .signal = signal, .cause = cause, .text = std::move(text)};
}
inline exit_status exit_code(int code) { return ended_by(death_cause::exit, code); }
inline exit_status normal_end() { return exit_code(0); }
inline exit_status by_signal(int signal) { return ended_by(death_cause::signal, -1, signal); }
inline exit_status parent_gone() { return ended_by(death_cause::parent_gone, -1, 9); }
inline exit_status no_start(std::string text) {
  return ended_by(death_cause::start_failure, -1, 0, std::move(text));
}

/// A supervisor, its children and the clock, moved by hand in one-word steps. What the supervisor
/// did comes back as words: "start a 1", "stop a", "kill a", "all started", "ended shutdown"; its
/// events likewise.
class script {
 public:
  using words = std::vector<std::string>;
  using new_child = core::supervision::new_child;

  explicit script(const supervisor_options& options = {}, std::uint64_t random = 0)
      : machine{options, "main/" + options.name, [random] { return random; }} {}

  // -- requests
  std::optional<core::refusal> try_add(child_spec spec, child_kind kind = child_kind::worker) {
    auto answer = machine.add({std::move(spec), kind}, now);
    drain();
    if (auto* refused = std::get_if<core::refusal>(&answer)) return *refused;
    return std::nullopt;
  }
  void add(child_spec spec, child_kind kind = child_kind::worker) {
    REQUIRE_FALSE(try_add(std::move(spec), kind));
  }
  void add_up(child_spec spec, child_kind kind = child_kind::worker) {
    const std::string name = spec.name;
    add(std::move(spec), kind);
    up(name);
    forget();
  }
  std::optional<core::refusal> start(std::vector<child_spec> specs) {
    std::vector<new_child> children;
    for (auto& spec : specs) children.push_back({std::move(spec), child_kind::worker});
    return drained(machine.start(children, now));
  }
  std::optional<core::refusal> specify(child_spec spec) {
    return machine.specify({std::move(spec), child_kind::worker});
  }
  /// Adds a dynamic child. @returns its name.
  std::string add_dynamic() {
    const auto answer = machine.add_dynamic(now);
    REQUIRE(std::holds_alternative<core::child_id>(answer));
    drain();
    return machine.info(std::get<core::child_id>(answer))->name;
  }
  std::string add_dynamic_up() {
    std::string name = add_dynamic();
    up(name);
    forget();
    return name;
  }
  auto terminate(const std::string& name) { return drained(machine.terminate(id(name), now)); }
  auto restart(const std::string& name) { return drained(machine.restart(id(name), now)); }
  auto remove(const std::string& name) { return drained(machine.remove(id(name), now)); }
  void shutdown() {
    machine.shutdown(now);
    drain();
  }

  // -- what becomes of the children's processes
  void up(const std::string& name) {
    machine.started(id(name), incarnation(name), 100, now);
    drain();
  }
  void call_ready(const std::string& name) {
    machine.ready(id(name), incarnation(name), now);
    drain();
  }
  void end(const std::string& name, const exit_status& status) {
    machine.exited(id(name), incarnation(name), status, now);
    drain();
  }
  void hang(const std::string& name) { hang(name, incarnation(name)); }
  void hang(const std::string& name, std::uint64_t which) {
    machine.hung(id(name), which, now);
    drain();
  }
  void crash(const std::string& name) { end(name, by_signal(11)); }
  void crash_and_up(const std::string& name) {
    crash(name);
    up(name);
  }
  void fail_start(const std::string& name, const std::string& why = "no such file") {
    machine.start_failed(id(name), incarnation(name), no_start(why), now);
    drain();
  }

  // -- time
  void pass(std::chrono::nanoseconds time) {
    now += time;
    machine.tick(now);
    drain();
  }
  std::optional<std::chrono::nanoseconds> next_in() const {
    const auto at = machine.next_deadline();
    if (!at) return std::nullopt;
    return *at - now;
  }

  // -- what the supervisor did since it was last asked
  words did() { return std::exchange(did_, {}); }
  words told() { return std::exchange(told_, {}); }
  void forget() {
    did_.clear();
    told_.clear();
  }

  core::child_id id(const std::string& name) const { return ids_.at(name); }
  child_info info(const std::string& name) const {
    for (const auto& each : machine.which_children()) {
      if (each.name == name) return each;
    }
    return {};
  }
  bool has(const std::string& name) const { return machine.find(name).has_value(); }
  std::uint64_t incarnation(const std::string& name) const { return incarnations_.at(id(name)); }
  words names() const {
    words all;
    for (const auto& each : machine.which_children()) all.push_back(each.name);
    return all;
  }

  core::instant now{1h};
  core::supervision machine;
  std::optional<end_reason> ended;
  std::vector<supervision_event> events;

 private:
  template <class Answer>
  Answer drained(Answer answer) {
    drain();
    return answer;
  }

  void drain();

  words did_;
  words told_;
  std::map<std::string, core::child_id> ids_;
  std::map<core::child_id, std::string> names_;
  std::map<core::child_id, std::uint64_t> incarnations_;
};

}  // namespace bulkhead_test
