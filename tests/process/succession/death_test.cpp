// A keeper that is killed is followed by another, which knows what it knew.
#include <unistd.h>

#include <bulkhead/bulkhead.hpp>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "process/library/facts.hpp"
#include "process/library/waits.hpp"
#include "process/succession/keepers.hpp"
#include "support/catch.hpp"

using bulkhead::death_cause;
using bulkhead::queue;
using bulkhead_test::eventually;
using bulkhead_test::kill_keeper;
using bulkhead_test::replace_keeper;
using bulkhead_test::soon;
namespace this_process = bulkhead::this_process;

namespace {

void echo(queue<int> from, queue<int> to) {
  for (const int n : from) to.send(n);
}

void wait_for_stop(int code) {
  std::error_code ec;
  while (!this_process::stop_requested()) ::usleep(1000);
  std::exit(code);
}

void tell_place(queue<std::string> to) {
  const char* text = std::getenv("BULKHEAD_TEST_PLACE");
  to.send(std::filesystem::current_path().string() + " " + (text == nullptr ? "none" : text));
}

// Takes one and keeps it.
void hold_one(queue<int> from, queue<int> told) {
  const auto held = from.take();
  told.send(*held);
  for (;;) ::pause();
}

// The kernel takes its time to end it: some 0.1 ms for each MiB.
void hold_one_and_much(queue<int> from, queue<int> told) {
  const auto held = from.take();
  const std::vector<char> much(std::size_t{400} << 20, 'x');
  told.send(much.back());
  for (;;) ::pause();
}

void send_and_hold(queue<int> to, queue<int> told, int count) {
  for (int n = 0; n < count; ++n) to.send(n);
  told.send(count);
  for (;;) ::pause();
}

}  // namespace

TEST_CASE("an idle host's keeper is followed by another, and queue and spawn go on",
          "[process][succession][crash]") {
  bulkhead::runtime rt;
  queue<int> in{rt};
  queue<int> out{rt};
  for (int n = 0; n < 3; ++n) in.send(n);
  REQUIRE(replace_keeper());
  in.send(3);
  auto worker = rt.spawn(echo, in, out);
  for (int n = 0; n < 4; ++n) CHECK(out.receive_for(soon) == n);
  in.close();
  const auto end = worker.join_for(soon);
  REQUIRE(end);
  CHECK(end->success());
}

TEST_CASE("a child that ended with the keeper is told as such, and what it waits for it got",
          "[process][succession][crash]") {
  bulkhead::runtime rt;
  auto one = rt.spawn(wait_for_stop, 0);
  auto two = rt.spawn(wait_for_stop, 3);
  const pid_t pid = one.id();
  REQUIRE(kill_keeper() != 0);
  const auto end = one.join_for(soon);
  REQUIRE(end);
  CHECK(end->cause == death_cause::parent_gone);
  CHECK(end->code == -1);
  CHECK_FALSE(end->success());
  CHECK_FALSE(bulkhead_test::runs(pid));
  REQUIRE(two.join_for(soon));
  CHECK(two.join().cause == death_cause::parent_gone);
  two.kill();  // ends nobody
  one.request_stop();
}

TEST_CASE("what a child held when the keeper was killed is delivered again, and counts for nothing",
          "[process][succession][crash]") {
  bulkhead::runtime rt;
  queue<int> jobs{rt, {.max_attempts = 1}};
  queue<int> told{rt};
  jobs.send(7);
  for (unsigned n = 1; n <= 3; ++n) {
    auto child = rt.spawn(hold_one, jobs, told);
    REQUIRE(told.receive_for(soon) == 7);
    REQUIRE(kill_keeper() != 0);
    REQUIRE(child.join_for(soon));
    auto again = jobs.take_for(soon);
    REQUIRE(again);
    CHECK(*again == 7);
    CHECK(again.attempt() == 2 * n);
    again.release();
  }
  CHECK(jobs.dead_letters().empty());
}

TEST_CASE("what a child held is delivered again only when the child is dead",
          "[process][succession][crash]") {
  bulkhead::runtime rt;
  queue<int> jobs{rt};
  queue<int> told{rt};
  jobs.send(7);
  auto child = rt.spawn(hold_one_and_much, jobs, told);
  REQUIRE(told.receive_for(soon) == 'x');
  const pid_t pid = child.id();
  REQUIRE(kill_keeper() != 0);
  REQUIRE(jobs.take_for(soon));
  CHECK_FALSE(bulkhead_test::runs(pid));
}

TEST_CASE("what a child had sent is received after its keeper's death, in order",
          "[process][succession][crash]") {
  bulkhead::runtime rt;
  queue<int> q{rt};
  queue<int> told{rt};
  auto child = rt.spawn(send_and_hold, q, told, 100);
  REQUIRE(told.receive_for(soon) == 100);
  REQUIRE(kill_keeper() != 0);
  for (int n = 0; n < 100; ++n) REQUIRE(q.receive_for(soon) == n);
  CHECK(q.empty());
  REQUIRE(child.join_for(soon));
}

TEST_CASE("a dead letter's names live over the keeper's death", "[process][succession][crash]") {
  bulkhead::runtime rt;
  queue<queue<int>> q{rt};
  auto letters = q.dead_letters();
  {
    queue<int> named{rt};
    named.send(5);
    q.send(named);
  }
  q.take().reject("no good");
  REQUIRE(eventually([&] { return letters.size() == 1; }));
  REQUIRE(kill_keeper() != 0);
  auto letter = letters.receive_for(soon);
  REQUIRE(letter);
  CHECK(letter->value.receive_for(soon) == 5);
}

TEST_CASE("twenty deaths leave no descriptor and no thread behind",
          "[process][succession][crash]") {
  bulkhead::runtime rt;
  queue<int> q{rt};
  const auto ends = bulkhead::make_pipe<int, int>(rt);
  q.send(0);
  auto before = bulkhead_test::host_facts::now();
  for (int n = 0; n < 20; ++n) {
    REQUIRE(kill_keeper() != 0);
    REQUIRE(q.receive_for(soon) == n);
    q.send(n + 1);
    auto child = rt.spawn(wait_for_stop, 0);
    child.request_stop();
    REQUIRE(child.join_for(soon));
    if (n == 0) before = bulkhead_test::host_facts::now();
  }
  const auto after = bulkhead_test::host_facts::now();
  CHECK(after.descriptors <= before.descriptors + 2);
  CHECK(after.threads == before.threads);
}

TEST_CASE("a runtime that ends right after its keeper leaves nobody behind",
          "[process][succession][crash]") {
  pid_t child = 0;
  {
    bulkhead::runtime rt;
    auto p = rt.spawn(wait_for_stop, 0);
    child = p.id();
    REQUIRE(kill_keeper() != 0);
  }
  CHECK_FALSE(bulkhead_test::runs(child));
  CHECK(eventually([] { return bulkhead_test::keeper_now() == 0; }));
}

TEST_CASE("children begin where they did before, wherever the host has gone since",
          "[process][succession][crash]") {
  bulkhead::runtime rt;
  queue<std::string> told{rt};
  const auto home = std::filesystem::current_path();
  REQUIRE(rt.spawn(tell_place, told).join_for(soon));
  const auto before = told.receive_for(soon);
  std::filesystem::current_path("/");
  ::setenv("BULKHEAD_TEST_PLACE", "changed", 1);
  for (int n = 0; n < 2; ++n) {
    REQUIRE(kill_keeper() != 0);
    REQUIRE(rt.spawn(tell_place, told).join_for(soon));
    CHECK(told.receive_for(soon) == before);
  }
  ::unsetenv("BULKHEAD_TEST_PLACE");
  std::filesystem::current_path(home);
}

TEST_CASE("a message that was set aside is in the dead letters after the keeper's death",
          "[process][succession][crash]") {
  bulkhead::runtime rt;
  queue<std::string> q{rt, {.name = "names"}};
  q.send("before");
  q.send("after");
  auto letters = q.dead_letters();
  q.take().reject("no good");
  REQUIRE(eventually([&] { return letters.size() == 1; }));
  REQUIRE(kill_keeper() != 0);
  // A rejection on its way just then is buried without its note.
  const queue<int> answered{rt};
  q.take().reject("no better");
  REQUIRE(eventually([&] { return letters.size() == 2; }));
  CHECK(letters.receive().note == "no good");
  const auto second = letters.receive();
  CHECK(second.value == "after");
  CHECK(second.note == "no better");
}
