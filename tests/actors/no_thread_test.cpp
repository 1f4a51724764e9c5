// What wants a thread where there can be no more.
#include <bulkhead/actors/spawn_process.hpp>

#include <pthread.h>
#include <unistd.h>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <system_error>

#include "actors/asking.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
namespace actors = bulkhead::actors;

namespace {

using pid_atom = caf::atom_constant<caf::atom("pid")>;
using who = caf::typed_actor<caf::replies_to<pid_atom>::with<int>>;

who::behavior_type say_pid(who::pointer) {
  return {[](pid_atom) { return static_cast<int>(::getpid()); }};
}

/// No thread can be started while it lives: none has so large a stack.
class no_threads {
 public:
  no_threads() {
    ::pthread_getattr_default_np(&before_);
    pthread_attr_t huge;
    ::pthread_getattr_default_np(&huge);
    ::pthread_attr_setstacksize(&huge, std::size_t{1} << 47);
    REQUIRE(::pthread_setattr_default_np(&huge) == 0);
    ::pthread_attr_destroy(&huge);
  }
  no_threads(const no_threads&) = delete;
  no_threads& operator=(const no_threads&) = delete;
  ~no_threads() {
    ::pthread_setattr_default_np(&before_);
    ::pthread_attr_destroy(&before_);
  }

 private:
  pthread_attr_t before_;
};

struct scene : asking {
  bulkhead::supervisor sup{rt};

  who start() { return actors::spawn_process<who>(sys, {.name = "who"}, say_pid); }
  who supervise(const char* name) {
    return actors::spawn_process<who>(sys, sup, {.name = name}, say_pid);
  }
};

}  // namespace

TEST_CASE("an actor whose thread cannot start is not there, and its system ends",
          "[actors][process]") {
  scene s;
  const who first = s.start();
  const who second = s.supervise("second");
  REQUIRE(s.ask<int>(first, pid_atom::value) > 0);
  {
    const no_threads none;
    CHECK_THROWS_AS(s.start(), std::system_error);
    CHECK_THROWS_AS(s.supervise("third"), std::system_error);
  }
  CHECK(s.sup.count_children().specifications == 1);
  CHECK(s.ask<int>(s.supervise("third"), pid_atom::value) > 0);
  CHECK(s.ask<int>(second, pid_atom::value) > 0);
  CHECK(s.sys.shutdown());
}
