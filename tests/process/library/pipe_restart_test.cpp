#include <unistd.h>
#include <bulkhead/bulkhead.hpp>
#include <csignal>

#include "process/library/waits.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using bulkhead::errc;
using bulkhead::pipe_end;
using bulkhead_test::soon;

namespace {

// Each incarnation says its number and answers requests; 0 makes it crash, 1 exit with 0, 2 throw.
void worker(pipe_end<int, int> end) {
  const int me = static_cast<int>(bulkhead::this_process::incarnation()) * 1000;
  end.send(me);
  for (;;) {
    const int n = end.receive();
    if (n == 0) raise(SIGKILL);
    if (n == 1) return;
    if (n == 2) throw std::runtime_error("asked to");
    end.send(me + n);
  }
}

std::error_code receive_error(const pipe_end<int, int>& end) {
  std::error_code ec;
  const auto got = end.receive_for(soon, ec);
  return got ? std::error_code() : ec;
}

}  // namespace

TEST_CASE("a restarted peer resumes its end, and the other side hears of it once",
          "[pipe][process][crash]") {
  bulkhead::runtime rt;
  auto [a, b] = bulkhead::make_pipe<int, int>(rt);
  bulkhead::supervisor sup{rt, {.intensity = 20}};
  sup.start({.name = "worker"}, worker, std::move(b));
  for (int incarnation = 1; incarnation <= 4; incarnation += 2) {
    CHECK(a.receive_for(soon) == incarnation * 1000);
    a.send(7);
    CHECK(a.receive_for(soon) == incarnation * 1000 + 7);
    a.send(incarnation % 3);
    a.send(8);  // waits for the next incarnation
    CHECK(receive_error(a) == errc::peer_restarted);
    CHECK(a.receive_for(soon) == (incarnation + 1) * 1000);
    CHECK(a.receive_for(soon) == (incarnation + 1) * 1000 + 8);
    // As the next round begins: with a new incarnation's first words.
    a.send(0);
    CHECK(receive_error(a) == errc::peer_restarted);
  }
  CHECK(a.peer().restarts == 4);
  CHECK(a.peer().what == bulkhead::pipe_peer::state::open);
}

TEST_CASE("a peer whose supervisor gives up has crashed", "[pipe][process][crash]") {
  bulkhead::runtime rt;
  auto [a, b] = bulkhead::make_pipe<int, int>(rt);
  bulkhead::supervisor sup{rt, {.intensity = 1}};
  sup.start({.name = "worker"}, worker, std::move(b));
  CHECK(a.receive_for(soon) == 1000);
  a.send(0);
  CHECK(receive_error(a) == errc::peer_restarted);
  CHECK(a.receive_for(soon) == 2000);
  a.send(0);
  try {
    static_cast<void>(a.receive_for(soon));
    FAIL("nothing was thrown");
  } catch (const bulkhead::error& failure) {
    CHECK(failure.code() == errc::peer_crashed);
    CHECK(failure.status().signal == SIGKILL);
  }
}

TEST_CASE("a peer that exits with 0 and is not restarted has closed", "[pipe][process]") {
  bulkhead::runtime rt;
  auto [a, b] = bulkhead::make_pipe<int, int>(rt);
  bulkhead::supervisor sup{rt};
  const auto restart = GENERATE(bulkhead::restart::transient, bulkhead::restart::temporary);
  sup.start({.name = "worker", .restart = restart}, worker, std::move(b));
  CHECK(a.receive_for(soon) == 1000);
  a.send(1);
  CHECK(receive_error(a) == errc::closed);
}

TEST_CASE("a child that was stopped and is started again resumes its end", "[pipe][process]") {
  bulkhead::runtime rt;
  auto [a, b] = bulkhead::make_pipe<int, int>(rt);
  bulkhead::supervisor sup{rt};
  sup.start({.name = "worker"}, worker, std::move(b));
  CHECK(a.receive_for(soon) == 1000);
  sup.terminate_child("worker");
  CHECK(receive_error(a) == errc::closed);
  sup.restart_child("worker");
  CHECK(receive_error(a) == errc::peer_restarted);
  CHECK(a.receive_for(soon) == 2000);
}

TEST_CASE("messages go on over a storm of kills, in order and none twice",
          "[pipe][process][crash]") {
  bulkhead::runtime rt;
  auto [a, b] = bulkhead::make_pipe<int, int>(rt, {.capacity = 64});
  bulkhead::supervisor sup{rt, {.intensity = bulkhead::unlimited}};
  auto child = sup.start(
      {.name = "counter"},
      [](pipe_end<int, int> end) {
        for (;;) end.send(end.receive());
      },
      std::move(b));
  int restarts = 0;
  int last = 0;
  int next = 1;
  bool in_order = true;
  for (const auto until = std::chrono::steady_clock::now() + 2s;
       std::chrono::steady_clock::now() < until || restarts == 0;) {
    if (a.try_send(next)) ++next;
    std::error_code ec;
    const auto got = a.try_receive(ec);
    if (ec == errc::peer_restarted) ++restarts;
    if (!got) continue;
    // Those in the dead one's hands are missing, and one that it had answered may come again.
    in_order = in_order && *got >= last && *got < next;
    last = *got;
    if (*got % 500 == 0) child.kill();
  }
  CHECK(in_order);
  CHECK(restarts > 0);
}
