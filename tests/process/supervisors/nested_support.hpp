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
#include "process/supervisors/event_log.hpp"
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

}  // namespace bulkhead_test
