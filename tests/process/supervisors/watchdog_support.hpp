#pragma once

#include <csignal>
#include <cstdlib>
#include <optional>

#include "process/supervisors/nested_support.hpp"

// Children that hang, and the time that passes while others do.
namespace bulkhead_test {

using namespace std::chrono_literals;

/// Above what a child may be kept from running on a busy machine.
inline constexpr auto watched_patience = 300ms;

[[noreturn]] inline void spin() {
  for (volatile bool endless = true; endless;) {
  }
  std::abort();
}

inline void spin_after_hello(hellos said) {
  say_hello(said);
  spin();
}

/// Hangs once, then serves.
inline void hang_once(hellos said) {
  say_hello(said);
  if (bulkhead::this_process::incarnation() == 1) spin();
  while (!bulkhead::this_process::stop_requested()) {
    bulkhead::this_process::heartbeat();
    ::usleep(1000);
  }
}

/// Lets the same patience run out several times in a process beside: `rounds` of its incarnations
/// are ended for it.
inline void let_patience_pass(bulkhead::runtime& rt, int rounds) {
  hellos said{rt};
  bulkhead::supervisor beside{rt, {.intensity = bulkhead::unlimited}};
  beside.start({.name = "spinner",
                .shutdown = bulkhead::brutal_kill,
                .backoff = bulkhead::no_backoff,
                .watchdog = watched_patience},
               spin_after_hello, said);
  for (int n = 0; n <= rounds; ++n) static_cast<void>(heard(said));
  beside.terminate_child("spinner");
}

/// The ends of children, with their causes.
class end_log {
 public:
  void listen_to(bulkhead::supervisor& sup) {
    sup.on_event([this](const bulkhead::supervision_event& event) {
      const std::lock_guard lock(mutex_);
      if (std::holds_alternative<bulkhead::events::hung>(event.what)) ++hangs_;
      if (const auto* end = std::get_if<bulkhead::events::exited>(&event.what)) {
        ends_.push_back(end->status);
      }
    });
  }
  [[nodiscard]] int hangs() const {
    const std::lock_guard lock(mutex_);
    return hangs_;
  }
  [[nodiscard]] std::vector<bulkhead::exit_status> ends() const {
    const std::lock_guard lock(mutex_);
    return ends_;
  }
  /// The first end, waited for.
  [[nodiscard]] bulkhead::exit_status first() const {
    REQUIRE(eventually([&] { return !ends().empty(); }));
    return ends().front();
  }

 private:
  mutable std::mutex mutex_;
  int hangs_ = 0;
  std::vector<bulkhead::exit_status> ends_;
};

}  // namespace bulkhead_test
