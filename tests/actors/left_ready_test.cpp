// Actors that a pump has made ready, and then does not run any more.
#include <bulkhead/actors/spawn_process.hpp>

#include <unistd.h>
#include <atomic>
#include <caf/event_based_actor.hpp>
#include <caf/send.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <csignal>
#include <filesystem>
#include <iterator>
#include <memory>
#include <string>

#include "actors/asking.hpp"
#include "actors/ledger.hpp"
#include "actors/waiting.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
using namespace std::chrono_literals;
namespace actors = bulkhead::actors;

namespace {

using heard = caf::typed_actor<caf::reacts_to<int>>;
using last = caf::typed_actor<caf::replies_to<pid_atom>::with<int>, caf::reacts_to<quit_atom>>;

}  // namespace

#if !BULKHEAD_CAF_0_17
CAF_BEGIN_TYPE_ID_BLOCK(left_ready_test, caf::id_block::bulkhead_tests::end + 20)
CAF_ADD_TYPE_ID(left_ready_test, (last))
CAF_END_TYPE_ID_BLOCK(left_ready_test)
namespace {
const bool registered = (caf::init_global_meta_objects<caf::id_block::left_ready_test>(), true);
}
#endif

namespace {

using caller =
    caf::typed_actor<caf::replies_to<last>::with<int>, caf::replies_to<pid_atom>::with<int>>;

// Asks it, and then has it quit.
caller::behavior_type call_and_end(caller::pointer self) {
  return {[self](const last& one) {
            auto promise = self->make_response_promise<int>();
            self->request(one, 20s, pid_atom::value)
                .then(
                    [=](int pid) mutable {
                      self->send(one, quit_atom::value);
                      promise.deliver(pid);
                    },
                    [=](const caf::error& e) mutable { promise.deliver(e); });
            return promise;
          },
          [](pid_atom) { return static_cast<int>(::getpid()); }};
}

std::ptrdiff_t threads_here() {
  const std::filesystem::directory_iterator all("/proc/self/task");
  return std::distance(begin(all), end(all));
}

}  // namespace

TEST_CASE("whom an actor sends to as the last thing it does gets that, though others had a handle",
          "[actors][handles][process]") {
  asking s;
  std::atomic<bool> told{false};
  const heard other = s.sys.caf().spawn([&](heard::pointer self) -> heard::behavior_type {
    return {[&, self](int) {
      told = true;
      self->quit();
    }};
  });
  const last here = s.sys.caf().spawn([&](last::pointer self) -> last::behavior_type {
    return {[](pid_atom) { return static_cast<int>(::getpid()); },
            [self, other](quit_atom) {
              self->send(other, 1);
              self->quit();
            }};
  });
  const caller there = actors::spawn_process<caller>(s.sys, {}, call_and_end);
  CHECK(s.ask<int>(there, here) == ::getpid());
  CHECK(eventually([&] { return told.load(); }));
}

namespace {

// Its helper's last act is a note.
last::behavior_type end_with_helper(last::pointer self, const std::string& path) {
  const auto helper = self->spawn(
      [](caf::event_based_actor*) -> caf::behavior { return {[](int n) { return n; }}; });
  helper->attach_functor([path](const caf::error&) { note(path, 1); });
  return {[=](pid_atom) {
            auto promise = self->make_response_promise<int>();
            self->request(helper, 20s, static_cast<int>(::getpid())).then([=](int pid) mutable {
              promise.deliver(pid);
            });
            return promise;
          },
          [=](quit_atom) {
            self->send_exit(helper, caf::exit_reason::user_shutdown);
            self->quit(caf::exit_reason::user_shutdown);
          }};
}

}  // namespace

TEST_CASE("the helpers that an actor has end before its process does",
          "[actors][handles][process]") {
  asking s;
  const scratch_file notes;
  const last there = actors::spawn_process<last>(s.sys, {}, end_with_helper, notes.path());
  const int pid = s.ask<int>(there, pid_atom::value);
  REQUIRE(pid > 0);
  caf::anon_send(there, quit_atom::value);
  REQUIRE(eventually([&] { return ::kill(pid, 0) != 0; }));
  CHECK(notes.numbers() == std::vector<int>{1});
}

namespace {

// Two that talk to each other, on the thread that brought one of them an answer.
struct talkers {
  explicit talkers(caf::actor_system& sys, const caller& asked) {
    const caf::actor second = sys.spawn([this](caf::event_based_actor* self) -> caf::behavior {
      return {[=, this](int n) {
        go_on(self, caf::actor_cast<caf::actor>(self->current_sender()), n);
      }};
    });
    sys.spawn([=, this](caf::event_based_actor* self) -> caf::behavior {
      self->request(asked, 20s, pid_atom::value).then([=](int pid) { self->send(second, pid); });
      return {[=, this](int n) { go_on(self, second, n); }};
    });
  }
  ~talkers() {
    is_over = true;
    static_cast<void>(eventually([this] { return ends == 2; }));
  }

  void go_on(caf::event_based_actor* self, const caf::actor& to, int n) {
    ++turns;
    self->send(to, n);
    if (!is_over) return;
    ++ends;
    self->quit();
  }

  std::atomic<bool> is_over{false};
  std::atomic<int> turns{0};
  std::atomic<int> ends{0};
};

}  // namespace

TEST_CASE("the thread of an actor elsewhere ends though it ran others that are never done",
          "[actors][handles][process][crash]") {
  asking s;
  const caller there = actors::spawn_process<caller>(s.sys, {}, call_and_end);
  const int pid = s.ask<int>(there, pid_atom::value);
  const auto threads = threads_here();
  talkers both(s.sys.caf(), there);
  REQUIRE(eventually([&] { return both.turns > 100; }));
  ::kill(pid, SIGKILL);
  CHECK(eventually([&] { return threads_here() == threads - 1; }));
  const int before = both.turns;
  CHECK(eventually([&] { return both.turns > before + 100; }));
}
