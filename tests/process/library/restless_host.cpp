#include <unistd.h>
#include <bulkhead/bulkhead.hpp>
#include <iostream>

#include "process/library/hosts.hpp"

namespace bulkhead_test {
namespace {

using bulkhead::queue;

void wait_in_vain(queue<int> nothing) {
  std::error_code ec;
  static_cast<void>(nothing.take(ec));
}

void crash(queue<int> entered) {
  entered.send(1);
  std::abort();
}

// Leaves a process that belongs to nobody: in a session of its own, its parent ended.
void leave_a_daemon(queue<int> entered) {
  if (fork() == 0) {
    setsid();
    if (fork() == 0) {
      for (;;) pause();
    }
    _exit(0);
  }
  entered.send(1);
}

void live_once(bool daemons) {
  bulkhead::runtime rt;
  queue<int> nothing{rt};
  queue<int> entered{rt, {.capacity = 1024}};
  bulkhead::supervisor sup{rt, {.intensity = bulkhead::unlimited}};
  sup.start({.name = "waits"}, wait_in_vain, nothing);
  sup.start({.name = "crashes", .backoff = {.initial = std::chrono::milliseconds(1)}}, crash,
            entered);
  auto waits = rt.spawn(wait_in_vain, nothing);
  if (daemons) rt.spawn(leave_a_daemon, entered).join();
  for (int n = 0; n < 4; ++n) entered.receive();
}

}  // namespace

int run_restless(bool daemons) {
  std::cout << "begins" << std::endl;
  for (;;) live_once(daemons);
}

}  // namespace bulkhead_test
