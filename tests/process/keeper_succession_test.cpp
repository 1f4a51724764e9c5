// A keeper that takes over from one that was killed, request by request.
#include <poll.h>
#include <signal.h>

#include <bulkhead/errc.hpp>
#include <string>
#include <vector>

#include "os/function_name.hpp"
#include "os/keeper_start.hpp"
#include "os/pipe_memory.hpp"
#include "process/keeper_support/host.hpp"
#include "support/catch.hpp"

using bulkhead::os::channel;
using bulkhead::os::datagram;
using bulkhead::os::receive_result;
using bulkhead::os::unique_fd;
using bulkhead_test::eventually;
using namespace std::chrono_literals;
namespace control = bulkhead::os::control;
using control::kind;

namespace {

int wait_for_ever(bulkhead::os::child_context& /*start*/) {
  for (;;) ::pause();
}

/// A host whose keepers die, and which numbers its requests by itself.
class old_host {
 public:
  old_host() { take(bulkhead::os::start_keeper()); }

  void replace_keeper() {
    ::kill(keeper_, SIGKILL);
    pollfd ended{pidfd_.get(), POLLIN, 0};
    REQUIRE(::poll(&ended, 1, 20'000) == 1);
    const bulkhead::os::bequest left{ledger_.get(), vault_.get(), &environment_};
    take(bulkhead::os::start_keeper(10s, &left));
  }

  template <class Reply, class Body>
  Reply ask(std::int32_t number, control::kind what, const Body& body, std::size_t descriptors) {
    REQUIRE_FALSE(line_.send(what, body, {}, number));
    datagram answer;
    REQUIRE(line_.receive_until(answer, std::chrono::steady_clock::now() + 20s) ==
            receive_result::received);
    REQUIRE(answer.head.error == 0);
    REQUIRE(answer.head.kind == what);
    REQUIRE(answer.descriptors.size() == descriptors);
    got_ = std::move(answer.descriptors);
    Reply reply;
    REQUIRE(answer.read(reply));
    return reply;
  }

  template <class Body>
  std::int32_t error_of(std::int32_t number, control::kind what, const Body& body) {
    REQUIRE_FALSE(line_.send(what, body, {}, number));
    datagram answer;
    REQUIRE(line_.receive_until(answer, std::chrono::steady_clock::now() + 20s) ==
            receive_result::received);
    return answer.head.error;
  }

  /// The first descriptor of the last answer.
  unique_fd take_first() { return std::move(got_.at(0)); }

  std::uint32_t first_serial = 0;

 private:
  void take(bulkhead::os::keeper_connection made) {
    environment_ = std::move(made.environment);
    line_ = std::move(made.control);
    ledger_ = std::move(made.ledger);
    vault_ = std::move(made.vault);
    pidfd_ = std::move(made.keeper);
    keeper_ = static_cast<pid_t>(made.greeting.keeper_pid);
    first_serial = made.greeting.first_serial;
  }

  channel line_;
  unique_fd ledger_;
  unique_fd pidfd_;
  pid_t keeper_ = 0;
  unique_fd vault_;
  std::vector<std::string> environment_;
  std::vector<unique_fd> got_;
};

control::make_pipe any_pipe() { return {"line", {1, 4096, 16, 0}, {1, 4096, 16, 0}}; }

}  // namespace

TEST_CASE("a request that comes again after the keeper's death is not carried out twice",
          "[os][process][succession]") {
  old_host h;
  SECTION("make_queue") {
    const auto wanted = bulkhead_test::host::shape();
    const auto first = h.ask<control::queue_reply>(1, kind::make_queue, wanted, 3);
    h.replace_keeper();
    CHECK(h.ask<control::queue_reply>(1, kind::make_queue, wanted, 3).queue == first.queue);
    CHECK(h.ask<control::queue_reply>(2, kind::make_queue, wanted, 3).queue == first.queue + 1);
  }
  SECTION("make_pipe") {
    const auto first = h.ask<control::pipe_reply>(1, kind::make_pipe, any_pipe(), 3);
    h.replace_keeper();
    CHECK(h.ask<control::pipe_reply>(1, kind::make_pipe, any_pipe(), 3).pipe == first.pipe);
    CHECK(h.ask<control::pipe_reply>(2, kind::make_pipe, any_pipe(), 3).pipe == first.pipe + 2);
  }
  SECTION("carry and claim_end") {
    const auto q =
        h.ask<control::queue_reply>(1, kind::make_queue, bulkhead_test::host::shape(), 3);
    const auto pipe = h.ask<control::pipe_reply>(2, kind::make_pipe, any_pipe(), 3);
    h.ask<control::seat_reply>(3, kind::join_queue, control::queue_named{q.queue}, 0);
    const control::carry named{q.queue, {{0, {pipe.pipe}}}};
    h.ask<control::done>(4, kind::carry, named, 0);
    h.replace_keeper();
    h.ask<control::done>(4, kind::carry, named, 0);
    h.ask<control::end_reply>(5, kind::claim_end, control::end_named{pipe.pipe}, 3);
    h.replace_keeper();
    h.ask<control::end_reply>(5, kind::claim_end, control::end_named{pipe.pipe}, 3);
  }
  SECTION("spawn: it has ended, and no other is there") {
    control::spawn wanted;
    wanted.name = "child";
    wanted.entry = bulkhead::os::name_function(reinterpret_cast<const void*>(&wait_for_ever));
    const auto first = h.ask<control::spawn_reply>(1, kind::spawn, wanted, 0);
    h.replace_keeper();
    CHECK(first.serial < h.first_serial);
    // One that has not begun yet ends when it does.
    CHECK(eventually([&] { return bulkhead_test::is_gone(first.pid); }));
    CHECK(h.ask<control::spawn_reply>(1, kind::spawn, wanted, 0).serial == first.serial);
    const auto second = h.ask<control::spawn_reply>(2, kind::spawn, wanted, 0);
    CHECK(second.serial >= h.first_serial);
  }
}

TEST_CASE("a seat, its epoch and who may follow are known to the next keeper",
          "[os][process][succession]") {
  old_host h;
  const auto q = h.ask<control::queue_reply>(1, kind::make_queue, bulkhead_test::host::shape(2), 3);
  const control::queue_named named{q.queue};
  control::spawn wanted;
  wanted.name = "child";
  wanted.resume_key = 5;
  wanted.endpoints.push_back(q.queue);
  wanted.entry = bulkhead::os::name_function(reinterpret_cast<const void*>(&wait_for_ever));
  h.ask<control::spawn_reply>(2, kind::spawn, wanted, 0);
  const auto mine = h.ask<control::seat_reply>(3, kind::join_queue, named, 0);
  REQUIRE(mine.seat == 1);
  for (int n = 4; n < 9; ++n) {
    h.replace_keeper();
    const auto again = h.ask<control::seat_reply>(100 + n, kind::join_queue, named, 0);
    CHECK(again.seat == mine.seat);
    CHECK(again.epoch == mine.epoch);
    // Only the next incarnation gets the first of the two seats.
    h.ask<control::spawn_reply>(n, kind::spawn, wanted, 0);
  }
}

TEST_CASE("the vault has what there is, however much came and went", "[os][process][succession]") {
  old_host h;
  std::int32_t number = 0;
  std::vector<std::uint64_t> kept;
  std::vector<std::uint64_t> gone;
  constexpr int queues = 600;
  const auto make = [&] {
    for (int n = 0; n < queues; ++n) {
      const auto q =
          h.ask<control::queue_reply>(++number, kind::make_queue, bulkhead_test::host::shape(), 3);
      (n % 3 == 0 ? kept : gone).push_back(q.queue);
      if (n % 3 == 0) continue;
      h.ask<control::done>(++number, kind::leave_queue, control::queue_named{q.queue}, 0);
    }
  };
  const auto check = [&] {
    for (const std::uint64_t q : kept) {
      h.ask<control::queue_reply>(++number, kind::open_queue, control::queue_named{q}, 3);
    }
    for (const std::uint64_t q : gone) {
      CHECK(h.error_of(++number, kind::open_queue, control::queue_named{q}) ==
            static_cast<std::int32_t>(bulkhead::errc::closed));
    }
  };
  make();
  h.replace_keeper();
  check();
  make();
  h.replace_keeper();
  h.replace_keeper();
  check();
}

// A keeper that gives a message back, as a lease's end, says so in the lane afterwards. Where it
// was killed between the two nobody but the next keeper can know.
TEST_CASE("after a keeper's death everybody looks at everything again",
          "[os][process][succession]") {
  old_host h;
  const auto q = h.ask<control::queue_reply>(1, kind::make_queue, bulkhead_test::host::shape(), 3);
  unique_fd segment = h.take_first();
  const auto seat =
      h.ask<control::seat_reply>(2, kind::join_queue, control::queue_named{q.queue}, 0);
  bulkhead_test::desk d(std::move(segment), seat.seat, seat.epoch);
  REQUIRE(d.send(7));
  const auto held = d.take();
  REQUIRE(held);
  bulkhead::core::slot_of(d.view(), *held)
      .store(bulkhead::core::slot_word::make_ready(held->word.lap(), 1), std::memory_order_release);
  CHECK_FALSE(d.take());
  h.replace_keeper();
  CHECK(d.take());
}
