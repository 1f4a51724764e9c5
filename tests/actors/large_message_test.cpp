// Messages that are larger than what a lane takes in one piece.
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
#include "actors/waiting.hpp"
#include "support/catch.hpp"

using namespace bulkhead_test;
using namespace std::chrono_literals;
namespace actors = bulkhead::actors;
using bulkhead::errc;

namespace {

// Around each size at which a message takes another way: in one piece or several, by a whole lane
// or a lent one, smaller or larger than the ring.
std::vector<std::size_t> sizes_at_limits() {
  std::vector<std::size_t> all{0, 1, mebi, 3 * mebi + 5};
  for (const std::size_t limit : {16u << 10, 64u << 10, 128u << 10, 512u << 10}) {
    for (std::size_t off = 0; off <= 64; ++off) all.push_back(limit - off);
    all.push_back(limit + 1);
  }
  return all;
}

struct tally {
  std::atomic<int> right{0};
  std::atomic<int> told{0};
};

// Asks for each size, one after the other, as an actor that may not wait. @returns false: in vain.
bool ask_each_size(caf::actor_system& system, const echo& h,
                   const std::vector<std::size_t>& sizes) {
  const auto count = std::make_shared<tally>();
  system.spawn([=](caf::event_based_actor* self) {
    for (const std::size_t size : sizes) {
      self->request(h, 60s, text_of(size))
          .then(
              [=](const std::string& text) {
                count->right += text == text_of(size);
                ++count->told;
              },
              [=](const caf::error&) { ++count->told; });
    }
  });
  const int all = static_cast<int>(sizes.size());
  // Each is answered, or times out.
  while (count->told != all) std::this_thread::sleep_for(1ms);
  return count->right == all;
}

using scene = large_scene;

}  // namespace

TEST_CASE("requests and answers of any size, from who may wait and who may not",
          "[actors][process][large]") {
  scene s;
  const auto sizes = sizes_at_limits();
  CHECK(ask_each_size(s.sys.caf(), s.there, sizes));
  for (const std::size_t size : {std::size_t{0}, 128 * std::size_t{1024}, 5 * mebi, 64 * mebi}) {
    CHECK(s.ask<std::string>(s.there, text_of(size)) == text_of(size));
  }
  CHECK_FALSE(s.failure);
}

TEST_CASE("64 MiB go both ways between actors", "[actors][process][large]") {
  scene s;
  CHECK(ask_each_size(s.sys.caf(), s.there, {64 * mebi}));
  CHECK(s.ask<std::string>(s.there, make_atom::value, static_cast<int>(64 * mebi)) ==
        std::string(64 * mebi, 'x'));
}

TEST_CASE("large and small messages of one sender come in its order", "[actors][process][large]") {
  scene s;
  std::atomic<int> in_order{-1};
  const auto sizes = sizes_at_limits();
  s.sys.caf().spawn([&, h = s.there](caf::event_based_actor* self) {
    int number = 0;
    for (const std::size_t size : sizes) {
      self->send(h, add_atom::value, number, text_of(size, number));
      ++number;
      self->send(h, add_atom::value, number, text_of(7, number));
      ++number;
    }
    // The request comes behind them all.
    self->request(h, 60s, sum_atom::value)
        .then([&](int sum) { in_order = sum; }, [&](const caf::error&) { in_order = -2; });
  });
  CHECK(eventually([&] { return in_order != -1; }));
  CHECK(in_order == 2 * static_cast<int>(sizes.size()));
  CHECK(actors::dropped(s.there) == 0);
}

TEST_CASE("plain threads send large messages between small ones", "[actors][process][large]") {
  scene s;
  int number = 0;
  for (const std::size_t size : sizes_at_limits()) {
    caf::anon_send(s.there, add_atom::value, number, text_of(size, number));
    ++number;
    caf::anon_send(s.there, add_atom::value, number, text_of(7, number));
    ++number;
  }
  CHECK(s.ask<int>(s.there, sum_atom::value) == number);
}

TEST_CASE("large messages go from one child to another by a handle that was lent",
          "[actors][process][handles][large]") {
  scene s;
  using go_between = caf::typed_actor<caf::replies_to<echo, int>::with<bool>>;
  const auto between = actors::spawn_process<go_between>(
      s.sys, {}, [](go_between::pointer self) -> go_between::behavior_type {
        return {[self](const echo& other, int size) {
          auto promise = self->make_response_promise<bool>();
          const std::string text = text_of(static_cast<std::size_t>(size));
          self->send(other, add_atom::value, 0, text_of(text.size() / 8, 0));
          self->request(other, 60s, text)
              .then([=](const std::string& back) mutable { promise.deliver(back == text); },
                    [=](const caf::error& e) mutable { promise.deliver(e); });
          return promise;
        }};
      });
  for (const std::size_t size : {16 * std::size_t{1024} - 40, 17 * std::size_t{1024}, mebi}) {
    CHECK(s.ask<bool>(between, s.there, static_cast<int>(size)));
  }
  // With the eighth that goes before it, within what may wait for room.
  CHECK(s.ask<bool>(between, s.there, static_cast<int>(48 * mebi)));
  CHECK_FALSE(s.failure);
}

namespace {

// Gives texts back, and asks another that does.
using both = caf::typed_actor<caf::replies_to<std::string>::with<std::string>,
                              caf::replies_to<giver, int>::with<int>>;

constexpr std::size_t part = mebi;

both::behavior_type give_and_ask(both::pointer self) {
  return {[](const std::string& text) { return text; },
          [self](const giver& other, int times) {
            auto promise = self->make_response_promise<int>();
            const auto right = std::make_shared<int>(0);
            const auto left = std::make_shared<int>(times);
            for (int n = 0; n < times; ++n) {
              self->request(other, caf::infinite, text_of(part, n))
                  .then(
                      [=](const std::string& text) mutable {
                        *right += text == text_of(part, n);
                        if (--*left == 0) promise.deliver(*right);
                      },
                      [=](const caf::error& e) mutable { promise.deliver(e); });
            }
            return promise;
          }};
}

}  // namespace

TEST_CASE("two actors give each other large answers, and neither waits for the other",
          "[actors][process][handles][large]") {
  asking s;
  const both there = actors::spawn_process<both>(s.sys, {}, give_and_ask);
  const both here = s.sys.caf().spawn(give_and_ask);
  constexpr int times = 40;
  std::atomic<int> theirs{-1}, ours{-1};
  s.sys.caf().spawn([&](caf::event_based_actor* self) {
    self->request(there, 60s, giver(here), times)
        .then([&](int right) { theirs = right; }, [&](const caf::error&) { theirs = -2; });
    self->request(here, 60s, giver(there), times)
        .then([&](int right) { ours = right; }, [&](const caf::error&) { ours = -2; });
  });
  CHECK(eventually([&] { return theirs != -1 && ours != -1; }));
  CHECK(theirs == times);
  CHECK(ours == times);
}

TEST_CASE("an answer that its asker does not take in holds up nobody",
          "[actors][process][handles][large]") {
  scene s;
  using stopper = caf::typed_actor<caf::reacts_to<echo>, caf::replies_to<pid_atom>::with<int>>;
  const auto asker = actors::spawn_process<stopper>(
      s.sys, {}, [](stopper::pointer self) -> stopper::behavior_type {
        return {[self](const echo& other) {
                  self->request(other, 60s, make_atom::value, static_cast<int>(8 * mebi))
                      .then([](const std::string&) {}, [](const caf::error&) {});
                  self->send(other, add_atom::value, 0, text_of(3, 0));
                  ::raise(SIGSTOP);
                },
                [](pid_atom) { return static_cast<int>(::getpid()); }};
      });
  const int pid = s.ask<int>(asker, pid_atom::value);
  caf::anon_send(asker, s.there);
  // What came behind the request is handled, and others are answered.
  CHECK(eventually([&] { return s.ask<int>(s.there, sum_atom::value) == 1 || s.failure; }));
  CHECK_FALSE(s.failure);
  ::kill(pid, SIGKILL);
}

TEST_CASE("what is too large for any message says so, and how large one may be",
          "[actors][process][large]") {
  scene s;
  const std::size_t most = actors::detail::message_bytes_max;
  {
    caf::scoped_actor self(s.sys.caf());
    self->request(s.there, 60s, std::string(most, 'x'))
        .receive([](const std::string&) {}, [&](const caf::error& why) { s.failure = why; });
  }
  CHECK(actors::is(s.failure, errc::too_large));
  CHECK(actors::compat::render(s.sys.caf(), s.failure).find("may take 1073741824 bytes") !=
        std::string::npos);
  caf::anon_send(s.there, add_atom::value, 0, std::string(most, 'x'));
  CHECK(actors::dropped(s.there) == 1);
  // An answer too.
  s.failure = {};
  s.ask<std::string>(s.there, make_atom::value, static_cast<int>(most));
  CHECK(actors::is(s.failure, errc::too_large));
  s.failure = {};
  CHECK(s.ask<int>(s.there, sum_atom::value) == 0);
  CHECK_FALSE(s.failure);
}
