#pragma once

#include <sys/types.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "os/keeper_start.hpp"
#include "process/keeper_support/child.hpp"
#include "process/keeper_support/desk.hpp"

namespace bulkhead_test {

using namespace std::chrono_literals;
namespace control = bulkhead::os::control;

/// Waits until `done` returns true, at most 10 s. @returns whether it did.
bool eventually(const std::function<bool()>& done);
/// True when no process has this number, or only a zombie that its parent will reap.
bool is_gone(pid_t pid);
/// How many descriptors a process has open.
std::size_t count_descriptors(pid_t pid);

struct order {
  std::uint64_t resume_key = 0;
  std::vector<std::uint64_t> endpoints = {};
  std::vector<std::byte> arguments = {};
  std::string name = "child";
  bool may_follow = false;
};

struct child {
  std::uint32_t serial = 0;
  pid_t pid = 0;
};

/// Spawns by a line to the keeper: the host's, or a child's own.
child spawn_by(bulkhead::os::keeper_link& keeper, child_function run, const order& o = {});

/// A host with its keeper, started at once and ended with the object.
class host {
 public:
  host();
  host(const host&) = delete;
  host& operator=(const host&) = delete;
  /// Hangs up and waits until the keeper has ended.
  ~host();

  child spawn(child_function f, const order& o = {}) { return spawn_by(keeper, f, o); }
  /// The end of a child; cause `none` when none comes in time.
  control::exited end_of(const child& c) { return end_of(c.serial); }
  control::exited end_of(std::uint32_t serial);
  bulkhead::exit_status run(child_function f, const order& o = {}) {
    return end_of(spawn(f, o)).status;
  }

  void signal(const child& c, int number);
  void stop(const child& c);

  struct queue {
    std::uint64_t id = 0;
    bulkhead::os::unique_fd segment;
  };
  queue make_queue(control::make_queue wanted = {});
  static control::make_queue shape(std::uint32_t participants = 8, std::uint32_t max_attempts = 0);
  control::seat_reply join(const queue& q);
  /// Joins and sits down.
  desk sit(const queue& q);
  queue dead_letters(const queue& q, std::uint64_t fingerprint = 7);

  [[nodiscard]] pid_t keeper_pid() const { return static_cast<pid_t>(greeting.keeper_pid); }

 private:
  explicit host(bulkhead::os::keeper_connection made);

 public:
  control::hello_reply greeting;
  bulkhead::os::keeper_link keeper;
  bulkhead::os::directory_memory directory;
  bulkhead::os::unique_fd keeper_pidfd;
  bulkhead::os::channel events;
  bulkhead::os::unique_fd vault;

 private:
  std::map<std::uint32_t, control::exited> early_;
};

}  // namespace bulkhead_test
