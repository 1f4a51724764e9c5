#pragma once

#include <unistd.h>
#include <bulkhead/bulkhead.hpp>
#include <csignal>
#include <filesystem>
#include <string>

#include "process/library/facts.hpp"
#include "process/library/waits.hpp"
#include "support/catch.hpp"

namespace bulkhead_test {

/// The keeper of a runtime, from outside.
class keeper_watch {
 public:
  explicit keeper_watch(bulkhead::runtime& rt) {
    bulkhead::queue<std::int64_t> ids{rt};
    auto p = rt.spawn([](bulkhead::queue<std::int64_t> to) { to.send(getppid()); }, ids);
    pid_ = static_cast<pid_t>(ids.receive());
    REQUIRE(p.join_for(soon).has_value());
  }
  /// How many queues it has: their segments among its descriptors.
  [[nodiscard]] int queues() const { return descriptors("bulkhead-queue"); }
  /// How many pipes.
  [[nodiscard]] int pipes() const { return descriptors("bulkhead-pipe"); }
  /// Its memory in KiB.
  [[nodiscard]] long memory_kib() const { return resident_kib(pid_); }
  void stop() const { ::kill(pid_, SIGSTOP); }
  void go_on() const { ::kill(pid_, SIGCONT); }

 private:
  [[nodiscard]] int descriptors(const char* name) const {
    int count = 0;
    const auto folder = "/proc/" + std::to_string(pid_) + "/fd";
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      std::error_code ec;
      const auto target = std::filesystem::read_symlink(entry.path(), ec).string();
      if (target.find(name) != std::string::npos) ++count;
    }
    return count;
  }

  pid_t pid_ = 0;
};

}  // namespace bulkhead_test
