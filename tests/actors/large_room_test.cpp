// Messages that there is no room for, and large ones in crashes.
#include <bulkhead/actors/sink.hpp>
#include <bulkhead/actors/spawn_process.hpp>

#include <unistd.h>
#include <bulkhead/queue.hpp>
#include <bulkhead/supervisor.hpp>
#include <caf/blocking_actor.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <csignal>
#include <fstream>
#include <string>
#include <thread>

#include "actors/large_echo.hpp"
#include "actors/stopped.hpp"
#include "actors/waiting.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
using namespace std::chrono_literals;
namespace actors = bulkhead::actors;
using bulkhead::errc;

namespace {

using scene = large_scene;

std::size_t peak_kib(int pid) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  std::string word;
  while (status >> word) {
    if (word == "VmHWM:") break;
  }
  std::size_t kib = 0;
  status >> kib;
  return kib;
}

}  // namespace

TEST_CASE("what waits for room is bounded: more is refused or counted, nothing is lost silently",
          "[actors][process][large]") {
  asking s;
  actors::system sys(s.rt, {.kept_bytes = 8 * mebi});
  const echo there = actors::spawn_process<echo>(sys, {.name = "echo"}, give_back);
  const int pid = s.ask<int>(there, pid_atom::value);
  ::kill(pid, SIGSTOP);
  constexpr int times = 40;
  std::atomic<int> full{0}, told{0}, sent{0};
  sys.caf().spawn([&, there](caf::event_based_actor* self) {
    for (int n = 0; n < times; ++n) self->send(there, add_atom::value, n, text_of(mebi, n));
    for (int n = 0; n < times; ++n) {
      self->request(there, 60s, text_of(mebi))
          .then([&](const std::string&) { ++told; },
                [&](const caf::error& why) {
                  full += actors::is(why, errc::full);
                  ++told;
                });
    }
    sent = 1;
  });
  CHECK(eventually([&] { return sent == 1 && told == times; }));
  CHECK(full == times);
  const auto dropped = static_cast<int>(actors::dropped(there));
  CHECK(dropped >= times - 8);
  CHECK(dropped < times - 6);
  ::kill(pid, SIGCONT);
  CHECK(s.ask<int>(there, sum_atom::value) == times - dropped);
}

TEST_CASE("so many requests wait for room and no more, each time anew",
          "[actors][process][large]") {
  scene s;
  const int pid = s.ask<int>(s.there, pid_atom::value);
  constexpr int times = 4000;
  const auto refused = [&] {
    ::kill(pid, SIGSTOP);
    CHECK(eventually([&] { return is_stopped(pid); }));
    std::atomic<int> full{0}, told{0}, sent{0};
    s.sys.caf().spawn([&, h = s.there](caf::event_based_actor* self) {
      for (int n = 0; n < times; ++n) {
        self->request(h, 60s, std::string("abc"))
            .then([&](const std::string&) { ++told; },
                  [&](const caf::error& why) {
                    full += actors::is(why, errc::full);
                    ++told;
                  });
      }
      sent = 1;
    });
    CHECK(eventually([&] { return sent == 1; }));
    ::kill(pid, SIGCONT);
    CHECK(eventually([&] { return told == times; }));
    return full.load();
  };
  const int first = refused();
  CHECK(first > 0);
  CHECK(first <= times - 1024);
  CHECK(refused() == first);
}

TEST_CASE("a slow actor's process has a bounded part of large messages",
          "[actors][process][large]") {
  scene s;
  using slow =
      caf::typed_actor<caf::reacts_to<add_atom, std::string>, caf::replies_to<sum_atom>::with<int>,
                       caf::replies_to<pid_atom>::with<int>>;
  bulkhead::queue<int> start{s.rt};
  const auto there = actors::spawn_process<slow>(
      s.sys, {},
      [](caf::blocking_actor* self, bulkhead::queue<int> go) {
        int count = 0;
        bool running = true;
        self->receive([](pid_atom) { return static_cast<int>(::getpid()); });
        static_cast<void>(go.receive());
        self->receive_while(running)([&](add_atom, const std::string&) { ++count; },
                                     [&](sum_atom) {
                                       running = false;
                                       return count;
                                     });
      },
      start);
  const int pid = s.ask<int>(there, pid_atom::value);
  constexpr int times = 240;
  std::atomic<int> sent{0};
  std::thread sender([&] {
    for (; sent < times; ++sent) caf::anon_send(there, add_atom::value, std::string(mebi, 'x'));
  });
  // So much its process takes, and more it must not.
  CHECK(eventually([&] { return sent >= 64; }));
  // It is held up, or it has sent all of them: then the peak says so. Started too soon it shows
  // less.
  for (int before = -1; before != sent;) {
    before = sent;
    std::this_thread::sleep_for(200ms);
  }
  start.send(1);
  sender.join();
  CHECK(s.ask<int>(there, sum_atom::value) == times);
  CHECK(sent == times);
  CHECK(peak_kib(pid) < 160 * 1024);
}

TEST_CASE("a request in pieces fails at once when its actor's process dies in the middle of it",
          "[actors][process][crash][large]") {
  scene s;
  const int pid = s.ask<int>(s.there, pid_atom::value);
  ::kill(pid, SIGSTOP);
  std::atomic<int> failed{0}, told{0};
  s.sys.caf().spawn([&, h = s.there](caf::event_based_actor* self) {
    for (int n = 0; n < 4; ++n) {
      self->request(h, caf::infinite, text_of(4 * mebi))
          .then([&](const std::string&) { ++told; },
                [&](const caf::error& why) {
                  failed += actors::is(why, errc::peer_crashed) &&
                            actors::exit_of(why)->signal == SIGKILL;
                  ++told;
                });
    }
  });
  std::thread waiting([&] { s.ask<std::string>(s.there, text_of(4 * mebi)); });
  ::kill(pid, SIGKILL);
  CHECK(eventually([&] { return told == 4; }));
  CHECK(failed == 4);
  waiting.join();
  CHECK(actors::is(s.failure, errc::peer_crashed));
}

TEST_CASE("delayed messages that there is no room for hold up no timers",
          "[actors][process][large]") {
  scene s;
  const int pid = s.ask<int>(s.there, pid_atom::value);
  ::kill(pid, SIGSTOP);
  s.sys.caf().spawn([h = s.there](caf::event_based_actor* self) {
    for (int n = 0; n < 20; ++n) {
      self->delayed_send(h, 1ms, add_atom::value, n, text_of(100'000, n));
    }
  });
  std::atomic<bool> rang{false};
  s.sys.caf().spawn([&](caf::event_based_actor* self) -> caf::behavior {
    self->delayed_send(self, 20ms, 1);
    return {[&, self](int) {
      rang = true;
      self->quit();
    }};
  });
  CHECK(eventually([&] { return rang.load(); }));
  ::kill(pid, SIGCONT);
  CHECK(eventually([&] { return s.ask<int>(s.there, sum_atom::value) == 20; }));
}

TEST_CASE("a system ends although there is no room for large requests",
          "[actors][process][large]") {
  scene s;
  ::kill(s.ask<int>(s.there, pid_atom::value), SIGSTOP);
  std::atomic<int> closed{0}, sent{0};
  s.sys.caf().spawn([&, h = s.there](caf::event_based_actor* self) {
    for (int n = 0; n < 3; ++n) {
      self->request(h, caf::infinite, text_of(mebi))
          .then([](const std::string&) {},
                [&](const caf::error& why) { closed += actors::is(why, errc::closed); });
    }
    sent = 1;
  });
  CHECK(eventually([&] { return sent == 1; }));
  CHECK(s.sys.shutdown_for(5s) == 0);
  CHECK(closed == 3);
}

namespace {

// Sends a large message, and asks, while the actor's process cannot take more than some of it; then
// that dies. @returns what the request's error was; none: it was answered by the next.
caf::error kill_midway(asking& s, actors::during_restart mode, int& in_order) {
  bulkhead::supervisor sup{s.rt, {.intensity = bulkhead::unlimited}};
  const echo there =
      actors::spawn_process<echo>(s.sys, sup, {.name = "echo", .backoff = bulkhead::no_backoff},
                                  {.during_restart = mode}, give_back);
  const int pid = s.ask<int>(there, pid_atom::value);
  ::kill(pid, SIGSTOP);
  caf::error why;
  std::atomic<bool> told{false};
  std::atomic<bool> sent{false};
  s.sys.caf().spawn([&, there](caf::event_based_actor* self) {
    self->send(there, add_atom::value, 0, text_of(4 * mebi, 0));
    self->send(there, add_atom::value, 1, text_of(9, 1));
    self->request(there, 60s, text_of(3 * mebi))
        .then([&](const std::string&) { told = true; },
              [&](const caf::error& e) {
                why = e;
                told = true;
              });
    sent = true;
  });
  CHECK(eventually([&] { return sent.load(); }));
  ::kill(pid, SIGKILL);
  CHECK(eventually([&] { return told.load(); }));
  CHECK(eventually([&] { return actors::incarnation(there) == 2; }));
  in_order = s.ask<int>(there, sum_atom::value);
  return why;
}

}  // namespace

TEST_CASE("over a restart the next incarnation gets the whole of what the dead one had a part of",
          "[actors][process][crash][large]") {
  asking s;
  int in_order = 0;
  SECTION("requests wait") { CHECK_FALSE(kill_midway(s, actors::during_restart::wait, in_order)); }
  SECTION("requests fail at once") {
    const auto why = kill_midway(s, actors::during_restart::fail, in_order);
    CHECK(actors::is(why, errc::peer_restarted));
  }
  CHECK(in_order == 2);
}

TEST_CASE("a request that is made when the process has just died fails with how, too",
          "[actors][process][crash][large]") {
  scene s;
  const int pid = s.ask<int>(s.there, pid_atom::value);
  ::kill(pid, SIGKILL);
  int failed = 0;
  constexpr int times = 200;
  for (int n = 0; n < times; ++n) {
    s.failure = {};
    s.ask<int>(s.there, pid_atom::value);
    const auto how = actors::exit_of(s.failure);
    failed += actors::is(s.failure, errc::peer_crashed) && how && how->signal == SIGKILL;
  }
  CHECK(failed == times);
}
