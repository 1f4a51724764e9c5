// Every kind of actor and of message that CAF has, in a process of its own.
#include <bulkhead/actors/spawn_process.hpp>

#include <unistd.h>
#include <algorithm>
#include <bulkhead/queue.hpp>
#include <caf/blocking_actor.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <csignal>
#include <string>

#include "actors/asking.hpp"
#include "actors/stopped.hpp"
#include "actors/waiting.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
using namespace std::chrono_literals;
namespace actors = bulkhead::actors;

namespace {

using add_atom = caf::atom_constant<caf::atom("add")>;
using get_atom = caf::atom_constant<caf::atom("get")>;
using pid_atom = caf::atom_constant<caf::atom("pid")>;
using freeze_atom = caf::atom_constant<caf::atom("freeze")>;

using counter =
    caf::typed_actor<caf::reacts_to<add_atom, int>, caf::replies_to<get_atom>::with<int>>;
using counting =
    actors::accepts<caf::reacts_to<add_atom, int>, caf::replies_to<get_atom>::with<int>>;

struct count_state {
  int value = 0;
  const char* name = "count";
};

counter::behavior_type count_typed(counter::stateful_pointer<count_state> self, int from) {
  state_of(self).value = from;
  return {[self](add_atom, int n) { state_of(self).value += n; },
          [self](get_atom) { return state_of(self).value; }};
}

caf::behavior count_dynamic(caf::event_based_actor*, int from) {
  const auto value = std::make_shared<int>(from);
  return {[value](add_atom, int n) { *value += n; }, [value](get_atom) { return *value; }};
}

caf::behavior count_stateful(caf::stateful_actor<count_state>* self, int from) {
  state_of(self).value = from;
  return {[self](add_atom, int n) { state_of(self).value += n; },
          [self](get_atom) { return state_of(self).value; },
          [](double) { return 1.0; }};  // not among those that it is said to accept
}

// Ends when it has been asked once.
void count_blocking(caf::blocking_actor* self, int from) {
  int value = from;
  bool wanted = true;
  self->receive_while(wanted)([&](add_atom, int n) { value += n; },
                              [&](get_atom) {
                                wanted = false;
                                return value;
                              });
}

struct scene : asking {
  template <class Handle>
  void check_counts(const Handle& h) {
    caf::anon_send(h, add_atom::value, 2);
    CHECK(ask<int>(h, get_atom::value) == 42);
    CHECK_FALSE(failure);
  }
};

}  // namespace

TEST_CASE("stateful actors, typed", "[actors][kinds][process]") {
  scene s;
  s.check_counts(actors::spawn_process<counter>(s.sys, {}, count_typed, 40));
}

TEST_CASE("dynamically typed actors take the messages that were listed",
          "[actors][kinds][process]") {
  scene s;
  s.check_counts(actors::spawn_process<counting>(s.sys, {}, count_dynamic, 40));
  const caf::actor h = actors::spawn_process<counting>(s.sys, {}, count_stateful, 40);
  s.check_counts(h);
  s.ask<double>(h, 1.0);
  CHECK(s.failure == caf::sec::unexpected_message);
}

TEST_CASE("blocking actors, typed and not, end their process when they return",
          "[actors][kinds][process]") {
  scene s;
  const counter typed = actors::spawn_process<counter>(s.sys, {}, count_blocking, 40);
  const caf::actor dynamic = actors::spawn_process<counting>(s.sys, {}, count_blocking, 40);
  caf::scoped_actor self(s.sys.caf());
  self->monitor(typed);
  self->monitor(dynamic);
  s.check_counts(typed);
  s.check_counts(dynamic);
  int down = 0;
  self->receive_for(
      down, 2)([](const caf::down_msg& end) { CHECK(end.reason == caf::exit_reason::normal); });
}

namespace {

// Has a helper count for it: asks that, and waits for the answer.
void count_by_helper(caf::blocking_actor* self) {
  const caf::actor helper = self->spawn(count_dynamic, 40);
  bool wanted = true;
  self->receive_while(wanted)([&](add_atom, int n) { self->send(helper, add_atom::value, n); },
                              [&](get_atom) {
                                wanted = false;
                                int got = 0;
                                self->request(helper, 5s, get_atom::value)
                                    .receive([&](int n) { got = n; }, [](const caf::error&) {});
                                return got;
                              });
}

}  // namespace

TEST_CASE("a blocking actor has helpers in its process", "[actors][kinds][process]") {
  scene s;
  s.check_counts(actors::spawn_process<counter>(s.sys, {}, count_by_helper));
}

namespace {

using square = caf::typed_actor<caf::replies_to<int>::with<int>>;

square::behavior_type square_it(square::pointer) {
  return {[](int n) { return n * n; }};
}
// Has a helper of its own answer.
square::behavior_type delegate_it(square::pointer self) {
  const square helper = self->system().spawn(square_it);
  return {[self, helper](int n) { return self->delegate(helper, n); }};
}

}  // namespace

TEST_CASE("requests are delegated in its process, and to it", "[actors][kinds][process]") {
  scene s;
  const square there = actors::spawn_process<square>(s.sys, {}, delegate_it);
  CHECK(s.ask<int>(there, 12) == 144);
  const square here = s.sys.caf().spawn([there](square::pointer self) -> square::behavior_type {
    return {[self, there](int n) { return self->delegate(there, n); }};
  });
  CHECK(s.ask<int>(here, 13) == 169);
  CHECK_FALSE(s.failure);
}

namespace {

// Notes in which order messages come.
using recorder =
    caf::typed_actor<caf::reacts_to<std::string>, caf::replies_to<get_atom>::with<std::string>,
                     caf::replies_to<pid_atom>::with<int>, caf::reacts_to<freeze_atom>>;

recorder::behavior_type record(recorder::stateful_pointer<std::string> self) {
  return {[self](const std::string& text) { state_of(self) += text; },
          [self](get_atom) { return state_of(self); },
          [](pid_atom) { return static_cast<int>(::getpid()); },
          [](freeze_atom) { ::raise(SIGSTOP); }};
}

// Has it stop in the middle of a message. @returns its process, which a SIGCONT lets go on.
int freeze(scene& s, const recorder& h) {
  const int pid = s.ask<int>(h, pid_atom::value);
  caf::anon_send(h, freeze_atom::value);
  REQUIRE(eventually([&] { return is_stopped(pid); }));
  return pid;
}

}  // namespace

TEST_CASE("urgent messages come first, all others in order, requests too",
          "[actors][kinds][process]") {
  scene s;
  const recorder h = actors::spawn_process<recorder>(s.sys, {}, record);
  const int pid = freeze(s, h);
  caf::scoped_actor self(s.sys.caf());
  self->send(h, std::string("a"));
  auto asked = self->request(h, 20s, get_atom::value);
  self->send(h, std::string("b"));
  self->send<caf::message_priority::high>(h, std::string("u"));
  ::kill(pid, SIGCONT);
  asked.receive([](const std::string& all) { CHECK(all == "ua"); },
                [](const caf::error&) { FAIL("an error"); });
  CHECK(s.ask<std::string>(h, get_atom::value) == "uab");
}

TEST_CASE("delayed messages come", "[actors][kinds][process]") {
  scene s;
  const recorder h = actors::spawn_process<recorder>(s.sys, {}, record);
  caf::delayed_anon_send(h, 1ms, std::string("late"));
  CHECK(eventually([&] { return s.ask<std::string>(h, get_atom::value) == "late"; }));
}

TEST_CASE("a request that takes too long ends by the asker's time, and its answer is dropped",
          "[actors][kinds][process]") {
  scene s;
  const recorder h = actors::spawn_process<recorder>(s.sys, {}, record);
  const int pid = freeze(s, h);
  std::atomic<int> timed_out{0};
  std::atomic<int> answered{0};
  s.sys.caf().spawn([&, h](caf::event_based_actor* self) {
    for (int n = 0; n < 10; ++n) {
      self->request(h, 1ms, get_atom::value)
          .then([&](const std::string&) { ++answered; },
                [&](const caf::error& e) { timed_out += e == caf::sec::request_timeout; });
    }
  });
  CHECK(eventually([&] { return timed_out == 10; }));
  ::kill(pid, SIGCONT);
  CHECK(s.ask<int>(h, pid_atom::value) == pid);
  CHECK(answered == 0);
}

namespace {

// Waits until all is sent and much has come, and notes how much its mailbox has at most; counts
// all.
void be_slow(caf::blocking_actor* self, const bulkhead::queue<int>& all_sent) {
  static_cast<void>(all_sent.receive_for(patience));
  static_cast<void>(eventually([&] { return self->mailbox().size() >= 200; }));
  int most = 0;
  int count = 0;
  bool wanted = true;
  self->receive_while(wanted)(
      [&](add_atom, int) {
        ++count;
        most = std::max(most, static_cast<int>(self->mailbox().size()));
      },
      [&](get_atom) {
        wanted = false;
        return most < 300 ? count : -most;
      });
}

}  // namespace

TEST_CASE("a slow actor's mailbox is bounded: the rest waits in the lane",
          "[actors][kinds][process]") {
  scene s;
  bulkhead::queue<int> all_sent{s.rt};
  const counter h = actors::spawn_process<counter>(s.sys, {}, be_slow, all_sent);
  for (int n = 0; n < 5000; ++n) caf::anon_send(h, add_atom::value, n);
  all_sent.send(1);
  CHECK(s.ask<int>(h, get_atom::value) == 5000);
}

TEST_CASE("a process ends although its actor does not", "[actors][kinds][process]") {
  scene s;
  caf::actor h = actors::spawn_process<actors::accepts<caf::replies_to<pid_atom>::with<int>>>(
      s.sys, {.shutdown = bulkhead::infinity}, [](caf::blocking_actor* self) {
        self->receive([](pid_atom) { return static_cast<int>(::getpid()); });
        for (;;) ::pause();
      });
  const int pid = s.ask<int>(h, pid_atom::value);
  REQUIRE(pid > 0);
  h = nullptr;
  CHECK(eventually([&] { return ::kill(pid, 0) != 0; }));
}

TEST_CASE("a system says how many actors its time was too short for", "[actors][kinds][process]") {
  scene s;
  const caf::actor busy = s.sys.caf().spawn([](caf::event_based_actor*) -> caf::behavior {
    return {[](int) {}};  // held by its handle, so it does not end
  });
  CHECK(s.sys.shutdown_for(20ms) == 1);
  CHECK(s.sys.shutdown_for(20ms) == 0);  // it has ended; what was left is left behind
}
