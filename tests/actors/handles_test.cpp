// Typed handles in messages: to actors of the parent, of the same child, of another child.
#include <bulkhead/actors/spawn_process.hpp>

#include <unistd.h>
#include <atomic>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <csignal>
#include <filesystem>
#include <iterator>

#include "actors/asking.hpp"
#include "actors/waiting.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
using namespace std::chrono_literals;
namespace actors = bulkhead::actors;
using bulkhead::errc;

namespace {

using pid_atom = caf::atom_constant<caf::atom("pid")>;
using make_atom = caf::atom_constant<caf::atom("make")>;
using down_atom = caf::atom_constant<caf::atom("down")>;
using note_atom = caf::atom_constant<caf::atom("note")>;
using quit_atom = caf::atom_constant<caf::atom("quit")>;
using sum_atom = caf::atom_constant<caf::atom("sum")>;

// Says in which process it is.
using who = caf::typed_actor<caf::replies_to<pid_atom>::with<int>, caf::reacts_to<quit_atom>>;

who::behavior_type say_pid(who::pointer self) {
  return {[](pid_atom) { return static_cast<int>(::getpid()); },
          [self](quit_atom) { self->quit(caf::exit_reason::user_shutdown); }};
}

}  // namespace

// A class with a handle inside.
struct letter {
  who to;
  int times = 0;
};
template <class Inspector>
auto inspect(Inspector& f, letter& x) {
  return fields_of(f, x, x.to, x.times);
}
template <>
inline constexpr bool bulkhead::actors::holds_handles<letter> = true;

#if !BULKHEAD_CAF_0_17
CAF_BEGIN_TYPE_ID_BLOCK(handles_test, caf::id_block::bulkhead_tests::end)
CAF_ADD_TYPE_ID(handles_test, (who))
CAF_ADD_TYPE_ID(handles_test, (std::vector<who>))
CAF_ADD_TYPE_ID(handles_test, (letter))
CAF_END_TYPE_ID_BLOCK(handles_test)
namespace {
const bool registered = (caf::init_global_meta_objects<caf::id_block::handles_test>(), true);
}
#endif

namespace {

// Asks others, and makes some.
using asker =
    caf::typed_actor<caf::replies_to<who>::with<int>, caf::replies_to<std::vector<who>>::with<int>,
                     caf::replies_to<letter>::with<int>, caf::replies_to<make_atom>::with<who>,
                     caf::replies_to<down_atom, who>::with<bool>,
                     caf::replies_to<note_atom, who>::with<int>,
                     caf::replies_to<sum_atom>::with<int>, caf::replies_to<pid_atom>::with<int>>;

template <class Pointer>
caf::typed_response_promise<int> ask_for(Pointer self, const std::vector<who>& all, int times) {
  auto promise = self->template make_response_promise<int>();
  auto left = std::make_shared<int>(static_cast<int>(all.size()) * times);
  auto sum = std::make_shared<int>(0);
  for (const who& one : all) {
    for (int n = 0; n < times; ++n) {
      self->request(one, 20s, pid_atom::value)
          .then(
              [=](int pid) mutable {
                *sum += pid;
                if (--*left == 0) promise.deliver(*sum);
              },
              [=](const caf::error& e) mutable { promise.deliver(e); });
    }
  }
  return promise;
}

asker::behavior_type ask_others(asker::pointer self) {
  const auto ends = std::make_shared<std::atomic<int>>(0);
  return {[self](const who& one) { return ask_for(self, {one}, 1); },
          [self](const std::vector<who>& all) { return ask_for(self, all, 1); },
          [self](const letter& text) { return ask_for(self, {text.to}, text.times); },
          [self](make_atom) { return self->spawn(say_pid); },
          [self](down_atom, const who& one) {
            auto promise = self->make_response_promise<bool>();
            self->set_down_handler([promise](const caf::down_msg& down) {
              auto answer = promise;
              answer.deliver(down.reason == caf::exit_reason::user_shutdown);
            });
            self->monitor(one);
            self->send(one, quit_atom::value);
            return promise;
          },
          [=](note_atom, const who& one) {
            one->attach_functor([ends](const caf::error& why) {
              *ends += why == caf::exit_reason::user_shutdown ? 1 : 1000;
            });
            return 0;
          },
          [=](sum_atom) { return ends->load(); },
          [](pid_atom) { return static_cast<int>(::getpid()); }};
}

std::ptrdiff_t threads_of(int pid) {
  const std::filesystem::directory_iterator all("/proc/" + std::to_string(pid) + "/task");
  return std::distance(begin(all), end(all));
}
bool is_gone(int pid) { return ::kill(pid, 0) != 0; }

caf::strong_actor_ptr handle_of(const who& one) {
  return caf::actor_cast<caf::strong_actor_ptr>(one);
}

std::ptrdiff_t threads_here() { return threads_of(::getpid()); }

struct scene : asking {
  asker there = actors::spawn_process<asker>(sys, {.name = "asker"}, ask_others);
};

}  // namespace

TEST_CASE("an actor of the parent is reached from a child that was given its handle",
          "[actors][handles][process]") {
  scene s;
  const who here = s.sys.caf().spawn(say_pid);
  CHECK(s.ask<int>(s.there, here) == ::getpid());
  CHECK(s.ask<int>(s.there, std::vector<who>{here, here}) == 2 * ::getpid());
  CHECK(s.ask<int>(s.there, letter{here, 3}) == 3 * ::getpid());
  CHECK_FALSE(s.failure);
}

TEST_CASE("an actor of one child is reached from another, straight", "[actors][handles][process]") {
  scene s;
  const who other = actors::spawn_process<who>(s.sys, {.name = "other"}, say_pid);
  const int pid = s.ask<int>(other, pid_atom::value);
  CHECK(pid != ::getpid());
  CHECK(s.ask<int>(s.there, other) == pid);
  const auto threads = threads_here();
  CHECK(s.ask<int>(s.there, other) == pid);
  CHECK(threads_here() == threads);  // nobody here passes messages on
}

TEST_CASE("an actor of a child comes to the parent as an answer, and goes back",
          "[actors][handles][process]") {
  scene s;
  const int pid = s.ask<int>(s.there, pid_atom::value);
  const who made = s.ask<who>(s.there, make_atom::value);
  REQUIRE(made);
  CHECK(s.ask<int>(made, pid_atom::value) == pid);
  CHECK(s.ask<int>(s.there, made) == pid);
}

TEST_CASE("a system ends that has lent and dropped a handle of somebody else's actor",
          "[actors][handles][process]") {
  scene s;
  const int pid = s.ask<int>(s.there, pid_atom::value);
  const auto threads = threads_here();
  who made = s.ask<who>(s.there, make_atom::value);
  CHECK(s.ask<int>(s.there, made) == pid);
  made = nullptr;
  CHECK(eventually([&] { return threads_here() == threads; }));
  CHECK(s.sys.shutdown());
}

TEST_CASE("a handle of nobody is a handle of nobody there", "[actors][handles][process]") {
  scene s;
  s.ask<int>(s.there, letter{{}, 0});
  CHECK(actors::is_broken_promise(s.failure));  // it came, and there was nobody to ask
}

TEST_CASE("monitors of a handle that was given hear the actor's own reason",
          "[actors][handles][process]") {
  scene s;
  const who here = s.sys.caf().spawn(say_pid);
  CHECK(s.ask<bool>(s.there, down_atom::value, here));
}

TEST_CASE("when a child dies, handles of its actors end with how",
          "[actors][handles][process][crash]") {
  scene s;
  const int pid = s.ask<int>(s.there, pid_atom::value);
  const who made = s.ask<who>(s.there, make_atom::value);
  REQUIRE(made);
  CHECK(s.ask<int>(made, pid_atom::value) == pid);
  caf::scoped_actor self(s.sys.caf());
  self->monitor(made);
  ::kill(pid, SIGKILL);
  self->receive([&](const caf::down_msg& down) {
    CHECK(actors::is(down.reason, errc::peer_crashed));
    CHECK(actors::exit_of(down.reason)->signal == SIGKILL);
  });
}

TEST_CASE("an actor ends when the last handle goes, also that which another process had",
          "[actors][handles][process]") {
  scene s;
  who here = s.sys.caf().spawn(say_pid);
  std::atomic<bool> ended{false};
  here->attach_functor([&](const caf::error&) { ended = true; });
  CHECK(s.ask<int>(s.there, here) == ::getpid());
  here = nullptr;
  CHECK(eventually([&] { return ended.load(); }));
}

TEST_CASE("an actor that others only watch ends, and nothing of the handles that they had stays",
          "[actors][handles][process]") {
  scene s;
  const int pid = s.ask<int>(s.there, pid_atom::value);
  const auto threads = threads_here();
  const auto threads_there = threads_of(pid);
  constexpr int times = 20;
  std::atomic<int> down{0};
  for (int n = 0; n < times; ++n) {
    const who made = s.ask<who>(s.there, make_atom::value);
    REQUIRE(made);
    made->attach_functor([&](const caf::error&) { ++down; });
  }
  CHECK(eventually([&] { return down == times; }));
  s.ask<who>(s.there, make_atom::value);  // looks for threads that are done
  CHECK(eventually([&] { return threads_here() <= threads + 1; }));
  CHECK(eventually([&] { return threads_of(pid) <= threads_there + 1; }));
}

TEST_CASE("the process of an actor that others only watch ends with the last handle",
          "[actors][handles][process]") {
  scene s;
  who other = actors::spawn_process<who>(s.sys, {.name = "other"}, say_pid);
  const int pid = s.ask<int>(other, pid_atom::value);
  s.ask<int>(s.there, note_atom::value, other);
  CHECK(s.ask<int>(s.there, other) == pid);
  CHECK(s.ask<int>(s.there, sum_atom::value) == 0);
  other = nullptr;
  CHECK(eventually([&] { return is_gone(pid); }));
  CHECK(eventually([&] { return s.ask<int>(s.there, sum_atom::value) == 1; }));
}

TEST_CASE("who watches an actor that somebody else has hears of its end, and keeps no handle",
          "[actors][handles][process]") {
  scene s;
  const who here = s.sys.caf().spawn(say_pid);
  for (int n = 0; n < 3; ++n) s.ask<int>(s.there, note_atom::value, here);
  CHECK(eventually([&] { return actors::compat::references(handle_of(here)) <= 2; }));
  CHECK(s.ask<int>(s.there, sum_atom::value) == 0);
  caf::anon_send(here, quit_atom::value);
  CHECK(eventually([&] { return s.ask<int>(s.there, sum_atom::value) == 3; }));
}

namespace {

// Keeps the handle that it is given.
using keeping =
    caf::typed_actor<caf::replies_to<who>::with<int>, caf::replies_to<pid_atom>::with<int>>;

keeping::behavior_type keep_one(keeping::pointer self) {
  const auto kept = std::make_shared<who>();
  return {[=](const who& one) {
            *kept = one;
            return ask_for(self, {*kept}, 1);
          },
          [=](pid_atom) { return ask_for(self, {*kept}, 1); }};
}

}  // namespace

TEST_CASE("a handle of a supervised actor that was given lives on when that dies",
          "[actors][handles][process][crash]") {
  scene s;
  bulkhead::supervisor sup{s.rt, {.intensity = bulkhead::unlimited}};
  const who other =
      actors::spawn_process<who>(s.sys, sup, {.name = "other", .backoff = bulkhead::no_backoff},
                                 {.during_restart = actors::during_restart::wait}, say_pid);
  const keeping keeper = actors::spawn_process<keeping>(s.sys, {}, keep_one);
  const int first = s.ask<int>(keeper, other);
  CHECK(first == sup.find_child("other")->pid);
  ::kill(first, SIGKILL);
  REQUIRE(eventually([&] { return actors::incarnation(other) == 2; }));
  const int second = s.ask<int>(keeper, pid_atom::value);
  CHECK(second == sup.find_child("other")->pid);
  CHECK(second != first);
}

TEST_CASE("an actor's process ends with the last handle, also where another process has that",
          "[actors][handles][process]") {
  scene s;
  keeping keeper = actors::spawn_process<keeping>(s.sys, {.name = "keeping"}, keep_one);
  who other = actors::spawn_process<who>(s.sys, {.name = "other"}, say_pid);
  const int pid = s.ask<int>(keeper, other);
  REQUIRE(pid != 0);
  std::atomic<bool> gone{false};
  other->attach_functor([&](const caf::error&) { gone = true; });
  other = nullptr;
  CHECK(eventually([&] { return gone.load(); }));
  CHECK(s.ask<int>(keeper, pid_atom::value) == pid);
  SECTION("until it drops it") {
    keeper = nullptr;
    CHECK(eventually([&] { return is_gone(pid); }));
  }
  SECTION("until the system ends") {
    CHECK(s.sys.shutdown());
    CHECK(eventually([&] { return is_gone(pid); }));
  }
}

TEST_CASE("a handle can be an argument of a spawn", "[actors][handles][process]") {
  scene s;
  const who here = s.sys.caf().spawn(say_pid);
  using told = caf::typed_actor<caf::replies_to<pid_atom>::with<int>>;
  const told h = actors::spawn_process<told>(
      s.sys, {},
      [](told::pointer self, const who& given) -> told::behavior_type {
        return {[=](pid_atom) { return ask_for(self, {given}, 1); }};
      },
      here);
  CHECK(s.ask<int>(h, pid_atom::value) == ::getpid());
}
