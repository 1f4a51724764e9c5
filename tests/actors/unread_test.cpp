// Messages that an actor's process cannot read, since it cannot open what they name.
#include <bulkhead/actors/spawn_process.hpp>

#include <sys/resource.h>
#include <unistd.h>
#include <caf/send.hpp>
#include <caf/typed_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <memory>
#include <vector>

#include "actors/asking.hpp"
#include "process/library/few_descriptors.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
using namespace std::chrono_literals;
namespace actors = bulkhead::actors;
using bulkhead::errc;

namespace {

using make_atom = caf::atom_constant<caf::atom("make")>;
using drop_atom = caf::atom_constant<caf::atom("drop")>;
using pid_atom = caf::atom_constant<caf::atom("pid")>;

using named = caf::typed_actor<caf::replies_to<pid_atom>::with<int>>;

}  // namespace

#if !BULKHEAD_CAF_0_17
CAF_BEGIN_TYPE_ID_BLOCK(unread_test, caf::id_block::bulkhead_tests::end + 25)
CAF_ADD_TYPE_ID(unread_test, (named))
CAF_END_TYPE_ID_BLOCK(unread_test)
namespace {
const bool registered = (caf::init_global_meta_objects<caf::id_block::unread_test>(), true);
}
#endif

namespace {

// Uses up the descriptors of its process, and gives them back.
using hoarder =
    caf::typed_actor<caf::replies_to<make_atom>::with<int>, caf::replies_to<drop_atom>::with<int>,
                     caf::replies_to<named>::with<int>, caf::reacts_to<named, int>>;

hoarder::behavior_type hoard(hoarder::pointer self) {
  const auto taken = std::make_shared<std::vector<bulkhead::os::unique_fd>>();
  return {[=](make_atom) {
            rlimit few{};
            ::getrlimit(RLIMIT_NOFILE, &few);
            few.rlim_cur = 128;
            ::setrlimit(RLIMIT_NOFILE, &few);
            *taken = take_all_descriptors();
            return static_cast<int>(taken->size());
          },
          [=](drop_atom) {
            taken->clear();
            return static_cast<int>(::getpid());
          },
          [=](const named& one) {
            auto promise = self->make_response_promise<int>();
            self->request(one, 20s, pid_atom::value)
                .then([=](int pid) mutable { promise.deliver(pid); },
                      [=](const caf::error& e) mutable { promise.deliver(e); });
            return promise;
          },
          [](const named&, int) {}};
}

struct scene : asking {
  bulkhead::supervisor sup{rt};
  const named here = sys.caf().spawn(
      [](named::pointer) -> named::behavior_type { return {[](pid_atom) { return 17; }}; });
};

// @returns the error of a message whose handle could not be opened; what follows is handled.
caf::error refusal_of(scene& s, const hoarder& there) {
  REQUIRE(s.ask<int>(there, make_atom::value) > 0);
  caf::anon_send(there, s.here, 1);
  CHECK(s.ask<int>(there, s.here) == 0);
  const caf::error why = s.failure;
  CHECK(s.ask<int>(there, drop_atom::value) > 0);
  CHECK(s.ask<int>(there, s.here) == 17);
  return why;
}

}  // namespace

TEST_CASE("a handle that cannot be opened costs its message only", "[actors][handles][process]") {
  scene s;
  SECTION("of an actor that nobody supervises") {
    const hoarder there = actors::spawn_process<hoarder>(s.sys, {.name = "hoarder"}, hoard);
    CHECK(actors::is(refusal_of(s, there), errc::full));
  }
  SECTION("of a supervised one") {
    const hoarder there = actors::spawn_process<hoarder>(s.sys, s.sup, {.name = "hoarder"}, hoard);
    CHECK(actors::is(refusal_of(s, there), errc::full));
    CHECK(actors::incarnation(there) == 1);
  }
}
