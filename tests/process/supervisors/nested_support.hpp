#pragma once

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <bulkhead/bulkhead.hpp>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "process/library/waits.hpp"
#include "support/catch.hpp"

namespace bulkhead_test {

/// Of a supervisor that never gives up.
inline const bulkhead::supervisor_options bears_all{.intensity = bulkhead::unlimited};

/// Who says hello: a process under its name.
struct hello {
  std::string name;
  std::uint64_t incarnation = 0;
  std::int32_t pid = 0;
};
using hellos = bulkhead::queue<hello>;

inline void say_hello(const hellos& to) {
  namespace me = bulkhead::this_process;
  to.send({me::name(), me::incarnation(), ::getpid()});
}

/// A child that says hello and waits until it is asked to stop.
inline void serve(hellos said) {
  say_hello(said);
  while (!bulkhead::this_process::stop_requested()) ::usleep(200);
}

inline hello heard(const hellos& from) {
  const auto next = from.receive_for(soon);
  REQUIRE(next);
  return *next;
}

/// The next `count`, by name: there is no order between them.
inline std::map<std::string, hello> next_hellos(const hellos& said, int count) {
  std::map<std::string, hello> all;
  for (int n = 0; n < count; ++n) {
    const hello next = heard(said);
    all[next.name] = next;
  }
  return all;
}

inline bool lives(std::int32_t pid) { return ::kill(pid, 0) == 0; }

/// Keeps what the handler of events is told.
class event_log {
 public:
  void listen_to(bulkhead::supervisor& sup) {
    sup.on_event([this](const bulkhead::supervision_event& event) {
      const std::lock_guard lock(mutex_);
      all_.push_back(event);
    });
  }
  /// "path child" of each event of that kind.
  template <class What>
  std::vector<std::string> of() const {
    const std::lock_guard lock(mutex_);
    std::vector<std::string> found;
    for (const auto& each : all_) {
      if (std::holds_alternative<What>(each.what)) {
        found.push_back(each.supervisor + " " + each.child);
      }
    }
    return found;
  }
  template <class What>
  bool has(const std::string& path_and_child) const {
    const auto all = of<What>();
    return std::find(all.begin(), all.end(), path_and_child) != all.end();
  }

 private:
  mutable std::mutex mutex_;
  std::vector<bulkhead::supervision_event> all_;
};

}  // namespace bulkhead_test
