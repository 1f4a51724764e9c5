#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process/keeper_support/host.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
using bulkhead::os::child_context;

namespace {

int sleep_on(child_context&) {
  for (;;) ::pause();
}

// Starts a child of its own and a process that leaves session and parent; tells both by the queue.
int have_family(child_context& start) {
  auto& e = start.endpoints.at(0);
  desk d(std::move(e.segment), e.seat, e.epoch);
  bulkhead::os::keeper_link keeper(std::move(start.control));
  d.send(static_cast<std::uint64_t>(spawn_by(keeper, sleep_on).pid));
  int ends[2];
  if (::pipe(ends) != 0) return 1;
  if (::fork() == 0) {
    ::setsid();
    const pid_t daemon = ::fork();
    if (daemon == 0) sleep_on(start);
    static_cast<void>(!::write(ends[1], &daemon, sizeof daemon));
    ::_exit(0);
  }
  pid_t daemon = 0;
  static_cast<void>(!::read(ends[0], &daemon, sizeof daemon));
  d.send(static_cast<std::uint64_t>(daemon));
  return sleep_on(start);
}

struct tree_pids {
  pid_t keeper = 0, child = 0, grandchild = 0, daemon = 0;
};

tree_pids grow(host& h) {
  const auto q = h.make_queue();
  desk d = h.sit(q);
  tree_pids pids;
  pids.keeper = h.keeper_pid();
  pids.child = h.spawn(have_family, {.endpoints = {q.id}}).pid;
  for (pid_t* pid : {&pids.grandchild, &pids.daemon}) {
    eventually([&] {
      const auto l = d.take();
      if (l) *pid = static_cast<pid_t>(d.number_of(*l));
      return l.has_value();
    });
  }
  return pids;
}

// A host in a process of its own, whose tree the test knows.
struct separate_host {
  separate_host() {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    pid = ::fork();
    if (pid == 0) {
      host h;
      const tree_pids pids = grow(h);
      static_cast<void>(!::write(ends[1], &pids, sizeof pids));
      for (;;) ::pause();
    }
    ::close(ends[1]);
    REQUIRE(::read(ends[0], &tree, sizeof tree) == sizeof tree);
    ::close(ends[0]);
  }
  separate_host(const separate_host&) = delete;
  separate_host& operator=(const separate_host&) = delete;
  ~separate_host() { kill(); }
  void kill() {
    if (pid <= 0) return;
    ::kill(pid, SIGKILL);
    ::waitpid(pid, nullptr, 0);
    pid = 0;
  }

  pid_t pid = 0;
  tree_pids tree;
};

bool all_gone(const tree_pids& pids) {
  return is_gone(pids.keeper) && is_gone(pids.child) && is_gone(pids.grandchild) &&
         is_gone(pids.daemon);
}

bool gone_in_time(const tree_pids& pids) {
  const auto start = std::chrono::steady_clock::now();
  return eventually([&] { return all_gone(pids); }) &&
         std::chrono::steady_clock::now() - start < 2s;
}

}  // namespace

TEST_CASE("when the host is killed, keeper and all descendants end", "[os][process]") {
  separate_host h;
  REQUIRE(h.tree.daemon > 0);
  CHECK_FALSE(is_gone(h.tree.daemon));
  h.kill();
  CHECK(gone_in_time(h.tree));
}

TEST_CASE("when the host hangs up, keeper and all descendants end", "[os][process]") {
  tree_pids pids;
  {
    host h;
    pids = grow(h);
    REQUIRE_FALSE(is_gone(pids.daemon));
  }
  CHECK(gone_in_time(pids));
}

TEST_CASE("when the keeper is killed, its children end and the host sees it", "[os][process]") {
  host h;
  const child c = h.spawn(sleep_on);
  ::kill(h.keeper_pid(), SIGKILL);
  CHECK(eventually([&] { return is_gone(c.pid); }));
  CHECK_THROWS_AS(h.spawn(sleep_on), bulkhead::error);
  bulkhead::os::child_event event;
  CHECK(next_event(h.events, event, std::chrono::steady_clock::now() + 5s) ==
        bulkhead::os::receive_result::ended);
}

TEST_CASE("a process's own children end with it", "[os][process]") {
  host h;
  const auto q = h.make_queue();
  desk d = h.sit(q);
  const child c = h.spawn(have_family, {.endpoints = {q.id}});
  pid_t grandchild = 0;
  REQUIRE(eventually([&] {
    const auto l = d.take();
    if (l) grandchild = static_cast<pid_t>(d.number_of(*l));
    return l.has_value();
  }));
  CHECK_FALSE(is_gone(grandchild));
  h.signal(c, SIGKILL);
  h.end_of(c);
  CHECK(eventually([&] { return is_gone(grandchild); }));
}

TEST_CASE("the keeper outlives what a terminal sends to all", "[os][process]") {
  host h;
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGQUIT}) ::kill(h.keeper_pid(), number);
  const child c = h.spawn(sleep_on);
  h.signal(c, SIGINT);
  CHECK(h.end_of(c).status.signal == SIGINT);
}
