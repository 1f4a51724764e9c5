// What supervisors write to a runtime's log.
#include <cstdlib>
#include <stdexcept>

#include "process/supervisors/nested_support.hpp"

using namespace bulkhead_test;
using bulkhead::log_level;
using bulkhead::restart;
using words = std::vector<std::string>;

namespace {

const char* name_of(log_level level) {
  const char* const names[] = {"info", "warning", "error"};
  return names[static_cast<std::size_t>(level)];
}

// Lines without the process ids.
class memory_sink final : public bulkhead::log_sink {
 public:
  void write(log_level level, std::string_view line) override {
    const std::lock_guard lock(mutex_);
    std::string text(line);
    const auto from = text.find(" (");
    const auto to = text.find("):");
    if (from != std::string::npos && to != std::string::npos) text.erase(from, to + 1 - from);
    lines_.push_back(std::string(name_of(level)) + " " + text);
  }
  words lines() const {
    const std::lock_guard lock(mutex_);
    return lines_;
  }

 private:
  mutable std::mutex mutex_;
  words lines_;
};

class throwing_sink final : public bulkhead::log_sink {
 public:
  void write(log_level, std::string_view) override { throw std::runtime_error("disk full"); }
};

void leave_with(int code) { std::exit(code); }

}  // namespace

TEST_CASE("a log gets a line for each event, by how much it matters", "[supervisor][log]") {
  const auto log = std::make_shared<memory_sink>();
  {
    bulkhead::runtime rt{{.log = log}};
    bulkhead::supervisor sup{rt, {.intensity = 1, .name = "main"}};
    REQUIRE(
        sup.start({.name = "once", .restart = restart::temporary}, leave_with, 0).join_for(soon));
    static_cast<void>(sup.start({.name = "bad", .backoff = bulkhead::no_backoff}, leave_with, 3));
    CHECK(sup.join() == bulkhead::end_reason::gave_up);
  }
  CHECK(log->lines() == words{"info main/once #1: started", "info main/once #1: ready",
                              "info main/once #1: exited: exit code 0",
                              "info main/once #1: deleted", "info main/bad #1: started",
                              "info main/bad #1: ready", "warning main/bad #1: exited: exit code 3",
                              "warning main/bad #1: restarting, attempt 1",
                              "info main/bad #2: started", "info main/bad #2: ready",
                              "warning main/bad #2: exited: exit code 3",
                              "error main/bad #2: its supervisor gives up after 2 failures"});
}

TEST_CASE("events of nested supervisors are in the log once", "[supervisor][nested][log]") {
  const auto log = std::make_shared<memory_sink>();
  {
    bulkhead::runtime rt{{.log = log}};
    bulkhead::supervisor sup{rt, {.name = "main"}};
    sup.start_supervisor({.name = "mid"}, [](bulkhead::supervisor& mid) {
      const auto leaf = mid.start({.name = "leaf", .restart = restart::transient}, leave_with, 0);
      REQUIRE(leaf.join_for(soon));
    });
  }
  CHECK(log->lines() == words{"info main/mid #1: started", "info main/mid/leaf #1: started",
                              "info main/mid/leaf #1: ready",
                              "info main/mid/leaf #1: exited: exit code 0",
                              "info main/mid #1: ready",
                              "info main/mid #1: exited: stopped on request, exit code 0",
                              "info main/mid #1: stopped"});
}

TEST_CASE("a log that throws harms nobody", "[supervisor][log]") {
  bulkhead::runtime rt{{.log = std::make_shared<throwing_sink>()}};
  bulkhead::supervisor sup{rt};
  const auto child = sup.start({.name = "once", .restart = restart::transient}, leave_with, 0);
  CHECK(child.join_for(soon).has_value());
}
