#include <bulkhead/actors/spawn_process.hpp>

#include <unistd.h>
#include <atomic>
#include <bulkhead/queue.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <csignal>
#include <string>
#include <thread>
#include <vector>

#include "actors/asking.hpp"
#include "actors/waiting.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
using namespace std::chrono_literals;
namespace actors = bulkhead::actors;
using bulkhead::errc;

namespace {

using add_atom = caf::atom_constant<caf::atom("add")>;
using sum_atom = caf::atom_constant<caf::atom("sum")>;
using pid_atom = caf::atom_constant<caf::atom("pid")>;
using fail_atom = caf::atom_constant<caf::atom("fail")>;
using hold_atom = caf::atom_constant<caf::atom("hold")>;
using drop_atom = caf::atom_constant<caf::atom("drop")>;
using quit_atom = caf::atom_constant<caf::atom("quit")>;
using die_atom = caf::atom_constant<caf::atom("die")>;

// Adds up numbers, and ends in several ways.
using adder =
    caf::typed_actor<caf::reacts_to<add_atom, int>, caf::replies_to<sum_atom>::with<int>,
                     caf::replies_to<std::string, int>::with<std::string, int>,
                     caf::replies_to<pid_atom>::with<int>, caf::replies_to<fail_atom>::with<int>,
                     caf::replies_to<hold_atom>::with<int>, caf::replies_to<drop_atom>::with<int>,
                     caf::reacts_to<quit_atom>, caf::reacts_to<die_atom>>;

adder::behavior_type add_up(adder::pointer self, int from) {
  auto sum = std::make_shared<int>(from);
  auto held = std::make_shared<std::vector<caf::typed_response_promise<int>>>();
  return {[sum](add_atom, int n) { *sum += n; },
          [sum](sum_atom) { return *sum; },
          [](const std::string& text, int times) -> caf::result<std::string, int> {
            std::string all;
            for (int n = 0; n < times; ++n) all += text;
            const int size = static_cast<int>(all.size());
            return {std::move(all), size};
          },
          [](pid_atom) { return static_cast<int>(::getpid()); },
          [](fail_atom) -> caf::result<int> { return own_error(7, "as asked"); },
          [self, held](hold_atom) {
            held->push_back(self->make_response_promise<int>());
            return held->back();
          },
          [self](drop_atom) { return self->make_response_promise<int>(); },
          [self](quit_atom) { self->quit(caf::exit_reason::user_shutdown); },
          [](die_atom) { ::raise(SIGKILL); }};
}

bool is_gone(int pid) { return ::kill(pid, 0) != 0; }

struct scene : asking {
  adder start(int from = 0) {
    return actors::spawn_process<adder>(sys, {.name = "adder"}, add_up, from);
  }
};

}  // namespace

TEST_CASE("an actor in a process of its own answers requests", "[actors][process]") {
  scene s;
  const adder h = s.start(100);
  CHECK(s.ask<int>(h, sum_atom::value) == 100);
  CHECK(s.ask<int>(h, pid_atom::value) != ::getpid());
  caf::scoped_actor self(s.sys.caf());
  self->request(h, 20s, std::string("ab"), 50'000)
      .receive(
          [](const std::string& text, int size) {
            CHECK(text.size() == 100'000);
            CHECK(size == 100'000);
          },
          [](const caf::error&) { FAIL("an error"); });
  CHECK_FALSE(s.failure);
}

TEST_CASE("messages come in order, those without an answer too", "[actors][process]") {
  scene s;
  const adder h = s.start();
  for (int n = 1; n <= 20'000; ++n) caf::anon_send(h, add_atom::value, n);
  CHECK(s.ask<int>(h, sum_atom::value) == 200'010'000);
}

TEST_CASE("an event-based actor asks, one answer after the other", "[actors][process]") {
  scene s;
  const adder h = s.start();
  std::atomic<int> answers{0};
  std::atomic<int> last{0};
  s.sys.caf().spawn([&, h](caf::event_based_actor* self) {
    const auto next = std::make_shared<std::function<void()>>();
    *next = [&, self, h, weak = std::weak_ptr(next)] {
      self->send(h, add_atom::value, 1);
      self->request(h, 20s, sum_atom::value).then([&, again = weak.lock()](int sum) {
        last = sum;
        if (++answers < 2000) (*again)();
      });
    };
    (*next)();
  });
  CHECK(eventually([&] { return answers == 2000; }));
  CHECK(last == 2000);
}

TEST_CASE("errors of an actor come back as they are", "[actors][process]") {
  scene s;
  const adder h = s.start();
  s.ask<int>(h, fail_atom::value);
  CHECK(s.failure.code() == 7);
  CHECK(is_own(s.failure));
  CHECK(s.failure.context().get_as<std::string>(0) == "as asked");
  s.ask<int>(h, drop_atom::value);
  CHECK(actors::is_broken_promise(s.failure));
}

TEST_CASE("when its process dies, requests fail at once and monitors hear how",
          "[actors][process][crash]") {
  scene s;
  const adder h = s.start();
  caf::scoped_actor self(s.sys.caf());
  self->monitor(h);
  std::atomic<int> failed{0};
  s.sys.caf().spawn([&failed, h](caf::event_based_actor* asker) {
    for (int n = 0; n < 100; ++n) {
      asker->request(h, caf::infinite, hold_atom::value)
          .then([](int) {},
                [&failed](const caf::error& e) {
                  failed +=
                      actors::is(e, errc::peer_crashed) && actors::exit_of(e)->signal == SIGKILL;
                });
    }
    asker->send(h, die_atom::value);
  });
  caf::error reason;
  self->receive([&](const caf::down_msg& down) {
    reason = down.reason;
    CHECK(down.source == h.address());
  });
  CHECK(actors::is(reason, errc::peer_crashed));
  REQUIRE(actors::exit_of(reason));
  CHECK(actors::exit_of(reason)->signal == SIGKILL);
  CHECK(actors::compat::render(s.sys.caf(), reason).find("SIGKILL") != std::string::npos);
  CHECK(eventually([&] { return failed == 100; }));
  // From now on too.
  s.ask<int>(h, sum_atom::value);
  CHECK(actors::is(s.failure, errc::peer_crashed));
  self->monitor(h);
  self->receive(
      [&](const caf::down_msg& down) { CHECK(actors::is(down.reason, errc::peer_crashed)); });
}

TEST_CASE("an actor that quits ends its process, and monitors hear its reason",
          "[actors][process]") {
  scene s;
  const adder h = s.start();
  const int pid = s.ask<int>(h, pid_atom::value);
  caf::scoped_actor self(s.sys.caf());
  self->monitor(h);
  caf::anon_send(h, quit_atom::value);
  self->receive(
      [&](const caf::down_msg& down) { CHECK(down.reason == caf::exit_reason::user_shutdown); });
  CHECK(eventually([&] { return is_gone(pid); }));
}

TEST_CASE("an exit message ends it like a local actor", "[actors][process]") {
  scene s;
  const adder h = s.start();
  caf::scoped_actor self(s.sys.caf());
  self->monitor(h);
  caf::anon_send_exit(h, caf::exit_reason::kill);
  caf::error reason;
  self->receive([&](const caf::down_msg& down) { reason = down.reason; });
  INFO(actors::compat::render(s.sys.caf(), reason));
  CHECK(reason == caf::exit_reason::kill);
}

TEST_CASE("when the last handle goes, its process ends", "[actors][process]") {
  scene s;
  adder h = s.start();
  const int pid = s.ask<int>(h, pid_atom::value);
  CHECK_FALSE(is_gone(pid));
  h = nullptr;
  CHECK(eventually([&] { return is_gone(pid); }));
}

TEST_CASE("an exception in the behavior's function ends the actor, as it does a local one",
          "[actors][process]") {
  scene s;
  const adder h =
      actors::spawn_process<adder>(s.sys, {}, [](adder::pointer) -> adder::behavior_type {
        throw std::runtime_error("as the test wants it");
      });
  s.ask<int>(h, sum_atom::value);
  CHECK(s.failure);
  caf::scoped_actor self(s.sys.caf());
  self->monitor(h);
  caf::error reason;
  self->receive([&](const caf::down_msg& down) { reason = down.reason; });
  CHECK(reason == caf::sec::runtime_error);
}

TEST_CASE("several senders at once, several actors at once", "[actors][process]") {
  scene s;
  const adder a = s.start();
  const adder b = s.start();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (int n = 0; n < 2000; ++n) {
        caf::anon_send(a, add_atom::value, 1);
        caf::anon_send(b, add_atom::value, 2);
      }
    });
  }
  for (auto& thread : threads) thread.join();
  CHECK(s.ask<int>(a, sum_atom::value) == 8000);
  CHECK(s.ask<int>(b, sum_atom::value) == 16000);
}

TEST_CASE("a flood from an actor that may not wait arrives whole", "[actors][process]") {
  scene s;
  const adder h = s.start();
  s.sys.caf().spawn([h](caf::event_based_actor* self) {
    for (int n = 0; n < 50'000; ++n) self->send(h, add_atom::value, 1);
  });
  CHECK(eventually([&] { return s.ask<int>(h, sum_atom::value) == 50'000; }));
}

TEST_CASE("a system ends although handles are held and requests are under way",
          "[actors][process]") {
  scene s;
  const adder h = s.start();
  const int pid = s.ask<int>(h, pid_atom::value);
  s.sys.caf().spawn([h](caf::event_based_actor* self) {
    self->request(h, caf::infinite, hold_atom::value).then([](int) {}, [](const caf::error&) {});
  });
  CHECK(s.sys.shutdown());
  CHECK(eventually([&] { return is_gone(pid); }));
}
