// Requests that are under way when the keeper dies are carried out once.
#include <unistd.h>

#include <atomic>
#include <bulkhead/bulkhead.hpp>
#include <string>
#include <thread>
#include <vector>

#include "process/library/waits.hpp"
#include "process/succession/keepers.hpp"
#include "support/catch.hpp"

using bulkhead::death_cause;
using bulkhead::queue;
using bulkhead_test::eventually;
using bulkhead_test::keeper_now;
using bulkhead_test::kill_keeper;
using bulkhead_test::soon;

namespace {

/// Kills keepers, one after the other, until it is destroyed: each some time after the test has got
/// something done with it, however long that takes on this machine.
class killer {
 public:
  explicit killer(int pause_us) : thread_([this, pause_us] { run(pause_us); }) {}
  killer(const killer&) = delete;
  killer& operator=(const killer&) = delete;
  ~killer() {
    over_ = true;
    thread_.join();
  }
  [[nodiscard]] int kills() const { return kills_; }
  /// The test has got something done.
  void note_progress() { ++progress_; }

 private:
  void run(int pause_us) {
    int seen = 0;
    while (!over_) {
      if (progress_ == seen) {
        ::usleep(100);
        continue;
      }
      ::usleep(static_cast<useconds_t>(pause_us + (kills_ * 337) % pause_us));
      seen = progress_;
      if (kill_keeper() != 0) ++kills_;
    }
  }

  std::atomic<bool> over_{false};
  std::atomic<int> kills_{0};
  std::atomic<int> progress_{0};
  std::thread thread_;
};

struct named {
  int number = 0;
  queue<int> answer;
};

void send_one(queue<int> to, int number) { to.send(number); }

}  // namespace

TEST_CASE("queues and pipes that are made while keepers die are all usable",
          "[process][succession][crash]") {
  bulkhead::runtime rt;
  queue<int> first{rt};
  killer k(3000);
  int made = 0;
  while (k.kills() < 15) {
    queue<int> q{rt, {.name = "q" + std::to_string(made)}};
    q.send(made);
    REQUIRE(q.receive() == made);
    auto [a, b] = bulkhead::make_pipe<int, int>(rt);
    a.send(made);
    REQUIRE(b.receive() == made);
    ++made;
    k.note_progress();
  }
  CHECK(made > 0);
}

TEST_CASE(
    "of a process that is spawned while keepers die the message comes once, or its end says why",
    "[process][succession][crash]") {
  bulkhead::runtime rt;
  queue<int> out{rt};
  killer k(5000);
  int number = 0;
  int complete = 0;
  while (k.kills() < 20) {
    auto child = rt.spawn(send_one, out, number);
    const auto end = child.join_for(soon);
    REQUIRE(end);
    const auto got = out.try_receive();
    if (end->success()) {
      REQUIRE(got == number);
      ++complete;
      k.note_progress();
    } else {
      REQUIRE(end->cause == death_cause::parent_gone);
      if (got) REQUIRE(got == number);
    }
    REQUIRE_FALSE(out.try_receive());
    ++number;
  }
  CHECK(complete > 0);
}

TEST_CASE("queues that messages name live over the keepers' deaths",
          "[process][succession][crash]") {
  bulkhead::runtime rt;
  queue<named> questions{rt, {.capacity = 64}};
  killer k(4000);
  int number = 0;
  while (k.kills() < 15) {
    for (int n = 0; n < 20; ++n) {
      queue<int> answer{rt};
      answer.send(number + n);
      questions.send({number + n, answer});
    }  // only the messages name them now
    for (int n = 0; n < 20; ++n) {
      auto q = questions.receive();
      REQUIRE(q.number == number + n);
      REQUIRE(q.answer.receive_for(soon) == number + n);
    }
    number += 20;
    k.note_progress();
  }
}

TEST_CASE("pipe ends that messages name live over the keepers' deaths",
          "[process][succession][crash]") {
  bulkhead::runtime rt;
  queue<bulkhead::pipe_end<int, int>> ends{rt};
  killer k(4000);
  int number = 0;
  while (k.kills() < 15) {
    auto [mine, sent] = bulkhead::make_pipe<int, int>(rt);
    ends.send(std::move(sent));
    auto got = ends.receive();
    mine.send(number);
    REQUIRE(got.receive_for(soon) == number);
    got.send(number + 1);
    REQUIRE(mine.receive_for(soon) == number + 1);
    ++number;
    k.note_progress();
  }
}

TEST_CASE("keepers that are killed as soon as they are there are followed all the same",
          "[process][succession][crash]") {
  bulkhead::runtime rt;
  queue<int> q{rt};
  q.send(1);
  for (int n = 0; n < 30; ++n) {
    pid_t killed = 0;
    REQUIRE(eventually([&] { return (killed = keeper_now()) != 0; }));
    ::kill(killed, SIGKILL);
  }
  CHECK(q.receive_for(soon) == 1);
  auto child = rt.spawn(send_one, q, 2);
  while (child.join().cause == death_cause::parent_gone) child = rt.spawn(send_one, q, 2);
  CHECK(q.receive_for(soon) == 2);
}

TEST_CASE("a call that may be run again is, and its keeper's death is no attempt",
          "[process][succession][crash]") {
  bulkhead::runtime rt;
  queue<int> up{rt};
  queue<int> go{rt};
  auto answer = rt.call(
      {.attempts = 2},
      [](queue<int> to, queue<int> from) {
        to.send(1);
        return from.receive();
      },
      up, go);
  for (int n = 0; n < 4; ++n) {
    REQUIRE(up.receive_for(soon) == 1);
    REQUIRE(kill_keeper() != 0);
  }
  go.send(42);
  REQUIRE(answer.wait_for(soon) == std::future_status::ready);
  CHECK(answer.get() == 42);
}

TEST_CASE("a call under way when the keeper dies fails at once", "[process][succession][crash]") {
  bulkhead::runtime rt;
  queue<int> up{rt};
  auto answer = rt.call(
      [](queue<int> to) {
        to.send(1);
        for (;;) ::pause();
        return 0;
      },
      up);
  REQUIRE(up.receive_for(soon) == 1);
  REQUIRE(kill_keeper() != 0);
  REQUIRE(answer.wait_for(soon) == std::future_status::ready);
  try {
    answer.get();
    FAIL("there is no answer");
  } catch (const bulkhead::error& failure) {
    CHECK(failure.code() == bulkhead::errc::peer_crashed);
    CHECK(failure.status().cause == death_cause::parent_gone);
  }
}
