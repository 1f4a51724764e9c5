#include <bulkhead/actors/supervised.hpp>

#include <bulkhead/actors/spawn_process.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/send.hpp>

#include "actors/ledger.hpp"
#include "actors/waiting.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
using namespace std::chrono_literals;
namespace actors = bulkhead::actors;
using bulkhead::errc;

namespace {

const bulkhead::supervisor_options patient{.intensity = bulkhead::unlimited};

struct scene {
  explicit scene(const bulkhead::supervisor_options& options = patient) : sup(rt, options) {}

  bulkhead::runtime rt;
  actors::system sys{rt};
  bulkhead::supervisor sup;
  scratch_file file;
  caf::error failure;

  ledger start(actors::during_restart mode = actors::during_restart::fail,
               bulkhead::restart restart = bulkhead::restart::permanent) {
    return actors::spawn_process<ledger>(
        sys, sup, {.name = "ledger", .restart = restart, .backoff = bulkhead::no_backoff},
        {.during_restart = mode}, keep_ledger, file.path());
  }
  template <class... Args>
  int ask(const ledger& to, Args... args) {
    caf::scoped_actor self(sys.caf());
    int got = -1;
    self->request(to, 20s, args...)
        .receive([&](int r) { got = r; }, [&](const caf::error& e) { failure = e; });
    return got;
  }
  int pid() { return sup.find_child("ledger")->pid; }
  void kill() { ::kill(pid(), SIGKILL); }
  bool comes(const ledger& h, std::uint64_t incarnation) {
    return eventually([&] { return actors::incarnation(h) >= incarnation; });
  }
  template <class Fn>
  caf::error down_reason(const ledger& h, Fn fn) {
    caf::scoped_actor self(sys.caf());
    self->monitor(h);
    fn();
    caf::error reason;
    self->receive([&](const caf::down_msg& down) { reason = down.reason; });
    INFO(actors::compat::render(sys.caf(), reason));
    return reason;
  }
  // Asks for what the actor notes, from an actor of its own.
  void note(const ledger& h, int first, int last) {
    sys.caf().spawn([this, h, first, last](caf::event_based_actor* self) {
      for (int n = first; n < last; ++n) {
        self->request(h, caf::infinite, note_atom::value, n)
            .then([this](int) { ++answered; },
                  [this](const caf::error& e) {
                    if (actors::is(e, errc::peer_restarted) &&
                        actors::exit_of(e)->signal == SIGKILL) {
                      ++failed;
                    }
                  });
      }
      sent = true;
    });
    REQUIRE(eventually([this] { return sent.load(); }));
  }
  // Has it stop in the middle of a request, and what follows wait in the lane. @returns its
  // process.
  int freeze(const ledger& h) {
    sys.caf().spawn([this, h](caf::event_based_actor* self) {
      self->request(h, caf::infinite, freeze_atom::value)
          .then([this](int) { ++thawed; }, [this](const caf::error&) { ++lost; });
    });
    const int id = pid();
    REQUIRE(eventually([&] { return is_stopped(id); }));
    return id;
  }

  std::atomic<int> answered{0}, failed{0}, thawed{0}, lost{0};
  std::atomic<bool> sent{false};
};

}  // namespace

TEST_CASE("the handle of a supervised actor lives on when its process dies",
          "[actors][supervised][process]") {
  scene s;
  const ledger h = s.start();
  CHECK(actors::incarnation(h) == 1);
  const int first = s.ask(h, pid_atom::value);
  CHECK(first == s.pid());
  s.kill();
  REQUIRE(s.comes(h, 2));
  const int second = s.ask(h, pid_atom::value);
  CHECK(second > 0);
  CHECK(second != first);
}

TEST_CASE("requests under way fail at once when it dies, also those that it had not taken",
          "[actors][supervised][process][crash]") {
  scene s;
  const ledger h = s.start();
  const int pid = s.freeze(h);
  s.note(h, 0, 20);
  ::kill(pid, SIGKILL);
  CHECK(eventually([&] { return s.failed == 20 && s.lost == 1; }));
  REQUIRE(s.comes(h, 2));
  CHECK(s.ask(h, note_atom::value, 100) == 100);
  CHECK(s.file.numbers() == std::vector<int>{100});  // those that failed are not run after all
  CHECK(s.answered == 0);
}

TEST_CASE("requests that it had not taken can wait for the next incarnation",
          "[actors][supervised][process][crash]") {
  scene s;
  const ledger h = s.start(actors::during_restart::wait);
  const int pid = s.freeze(h);
  s.note(h, 0, 20);
  ::kill(pid, SIGKILL);
  CHECK(eventually([&] { return s.answered == 20 && s.lost == 1; }));
  CHECK(s.failed == 0);
  CHECK(s.file.numbers().size() == 20);
}

TEST_CASE("requests that it had taken can be retried", "[actors][supervised][process][crash]") {
  scene s;
  const ledger h = s.start(actors::during_restart::retry);
  const int first = s.freeze(h);
  s.note(h, 0, 20);
  ::kill(first, SIGKILL);
  // The one that froze it comes again, behind the others.
  CHECK(eventually([&] { return s.answered == 20 && s.pid() != 0 && is_stopped(s.pid()); }));
  CHECK(s.lost == 0);
  ::kill(s.pid(), SIGCONT);
  CHECK(eventually([&] { return s.thawed == 1; }));
  CHECK(s.file.numbers().size() == 20);
}

TEST_CASE("what wants no answer waits for the next incarnation",
          "[actors][supervised][process][crash]") {
  scene s;
  const ledger h = s.start();
  const int pid = s.freeze(h);
  for (int n = 0; n < 20; ++n) caf::anon_send(h, n);
  ::kill(pid, SIGKILL);
  CHECK(eventually([&] { return s.file.numbers().size() == 20; }));
}

TEST_CASE("who watches hears of each death, and of the incarnation that comes",
          "[actors][supervised][process][crash]") {
  scene s;
  const ledger h = s.start();
  caf::scoped_actor self(s.sys.caf());
  actors::watch(self, h);
  actors::watch(self, h);  // once is enough
  for (std::uint64_t life = 2; life <= 4; ++life) {
    s.kill();
    self->receive([&](const actors::restarted& what) {
      CHECK(what.status.signal == SIGKILL);
      CHECK(what.incarnation == life);
      CHECK(self->current_sender() == h);
    });
    REQUIRE(s.comes(h, life));
  }
  CHECK(self->mailbox().empty());
}

TEST_CASE("monitors and links fire when the supervisor gives up",
          "[actors][supervised][process][crash]") {
  scene s({.intensity = 1});
  const ledger h = s.start();
  std::atomic<bool> linked_ended{false};
  caf::error linked_reason;
  const caf::actor linked =
      s.sys.caf().spawn([&, h](caf::event_based_actor* self) -> caf::behavior {
        self->link_to(h);
        self->set_exit_handler([&, self](const caf::exit_msg& x) {
          linked_reason = x.reason;
          linked_ended = true;
          self->quit();
        });
        return {[](int) {}};
      });
  const caf::error reason = s.down_reason(h, [&] {
    s.kill();
    REQUIRE(s.comes(h, 2));
    s.kill();
  });
  CHECK(actors::is(reason, errc::gave_up));
  CHECK(actors::exit_of(reason)->signal == SIGKILL);
  REQUIRE(eventually([&] { return linked_ended.load(); }));
  CHECK(actors::is(linked_reason, errc::gave_up));
  CHECK(s.ask(h, pid_atom::value) == -1);
  CHECK(actors::is(s.failure, errc::gave_up));
}

TEST_CASE("a stopped child refuses, comes again by restart_child, and ends when it is deleted",
          "[actors][supervised][process]") {
  scene s;
  const ledger h = s.start();
  s.sup.terminate_child("ledger");
  CHECK(eventually(
      [&] { return s.ask(h, pid_atom::value) == -1 && actors::is(s.failure, errc::closed); }));
  s.sup.restart_child("ledger");
  REQUIRE(s.comes(h, 2));
  CHECK(s.ask(h, pid_atom::value) == s.pid());
  const caf::error reason = s.down_reason(h, [&] {
    s.sup.terminate_child("ledger");
    s.sup.delete_child("ledger");
  });
  CHECK(reason == caf::exit_reason::user_shutdown);
}

TEST_CASE("an actor that fails is started again, one that quits is not, where that is transient",
          "[actors][supervised][process]") {
  scene s;
  const ledger h = s.start(actors::during_restart::fail, bulkhead::restart::transient);
  caf::scoped_actor self(s.sys.caf());
  actors::watch(self, h);
  caf::anon_send(h, fail_atom::value);
  self->receive([&](const actors::restarted& what) {
    CHECK(what.status.cause == bulkhead::death_cause::exception);
    CHECK(what.status.report().find("the actor ended") != std::string::npos);
  });
  REQUIRE(s.comes(h, 2));
  caf::anon_send(h, quit_atom::value);
  CHECK(eventually(
      [&] { return s.sup.find_child("ledger")->state == bulkhead::child_state::stopped; }));
}

TEST_CASE("the end of a temporary child is the end of its actor",
          "[actors][supervised][process][crash]") {
  scene s;
  const ledger h = s.start(actors::during_restart::fail, bulkhead::restart::temporary);
  SECTION("by a crash") {
    const caf::error reason = s.down_reason(h, [&] { s.kill(); });
    CHECK(actors::is(reason, errc::peer_crashed));
    CHECK(actors::exit_of(reason)->signal == SIGKILL);
  }
  SECTION("by itself") {
    const caf::error reason =
        s.down_reason(h, [&] { caf::anon_send_exit(h, caf::exit_reason::kill); });
    CHECK(reason == caf::exit_reason::kill);
  }
}

TEST_CASE("a supervised actor is its supervisor's: it stays when the last handle goes",
          "[actors][supervised][process]") {
  scene s;
  ledger h = s.start();
  const int pid = s.ask(h, pid_atom::value);
  caf::anon_send(h, 1);
  h = nullptr;
  CHECK(eventually([&] { return s.file.numbers().size() == 1; }));
  CHECK(s.pid() == pid);
  CHECK(s.sup.find_child("ledger")->state == bulkhead::child_state::running);
}

TEST_CASE("an end of the system stops the child, an end of the supervisor the actor",
          "[actors][supervised][process]") {
  scene s;
  const ledger h = s.start();
  SECTION("the system") {
    const int pid = s.pid();
    CHECK(s.sys.shutdown());
    CHECK(s.sup.find_child("ledger")->state == bulkhead::child_state::stopped);
    CHECK(::kill(pid, 0) != 0);
  }
  SECTION("the supervisor") {
    const caf::error reason = s.down_reason(h, [&] { s.sup.shutdown(); });
    CHECK(reason == caf::exit_reason::user_shutdown);
    CHECK(s.sys.shutdown());
  }
}

TEST_CASE("a child that does not come up leaves nothing behind", "[actors][supervised][process]") {
  scene s;
  CHECK_THROWS_AS(
      actors::spawn_process<ledger>(
          s.sys, s.sup,
          {.name = "ledger", .ready = bulkhead::readiness::on_call, .start_timeout = 50ms},
          keep_ledger, s.file.path()),
      bulkhead::error);
  CHECK(s.sup.count_children().specifications == 0);
  CHECK(s.sys.shutdown());
}

TEST_CASE("watching what is not supervised is refused", "[actors][supervised][process]") {
  scene s;
  const ledger h = actors::spawn_process<ledger>(s.sys, {}, keep_ledger, s.file.path());
  CHECK(actors::incarnation(h) == 1);
  caf::scoped_actor self(s.sys.caf());
  CHECK_THROWS_AS(actors::watch(self, h), bulkhead::error);
}
