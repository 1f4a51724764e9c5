#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>
#include <atomic>
#include <bulkhead/bulkhead.hpp>
#include <chrono>
#include <filesystem>
#include <string>
#include <thread>

#include "os/socket_address.hpp"
#include "os/unique_fd.hpp"
#include "process/attach/programs.hpp"
#include "process/library/waits.hpp"
#include "support/catch.hpp"

// The ends of publishers, and what is left of them.
using namespace std::chrono_literals;
using bulkhead::errc;
using bulkhead::queue;
using bulkhead_test::eventually;
using bulkhead_test::folder;
using bulkhead_test::peer;

namespace {

std::string code_of(errc code) { return "bulkhead " + std::to_string(static_cast<int>(code)); }

// What a dead owner leaves: a socket in the file system that nobody listens to.
void leave_stale(const std::string& path) {
  const bulkhead::os::unique_fd dead(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  const bulkhead::os::socket_address address(path);
  REQUIRE(::bind(dead.get(), address.get(), address.bytes()) == 0);
}

bool is_there(const std::string& path) { return std::filesystem::exists(path); }

}  // namespace

TEST_CASE("when the publisher's host is killed the socket goes, and every call fails",
          "[process][attach][crash]") {
  folder f;
  const std::string call = GENERATE("receive", "send", "join", "wait_any");
  peer owner({"publish", f.path("q")});
  REQUIRE_FALSE(owner.line().empty());
  peer waiter({"wait_in", f.path("q"), call});
  REQUIRE(waiter.line() == "waiting");
  owner.kill();
  const auto before = std::chrono::steady_clock::now();
  CHECK(waiter.line() == code_of(errc::owner_gone) + " waited");
  CHECK(std::chrono::steady_clock::now() - before < 5s);
  CHECK(waiter.line() == "all fail");
  CHECK(eventually([&] { return f.empty(); }));
}

TEST_CASE("when the publisher's keeper is killed the name and who is attached stay",
          "[process][attach][crash]") {
  folder f;
  peer owner({"publish", f.path("q")});
  const pid_t keeper = std::stoi(owner.line());
  peer waiter({"wait_in", f.path("q"), "receive"});
  REQUIRE(waiter.line() == "waiting");
  ::kill(keeper, SIGKILL);
  peer late({"attach", f.path("q")});
  CHECK(late.line() == "attached jobs");
  CHECK(is_there(f.path("q")));
  // It has waited all the while.
  owner.kill();
  CHECK(waiter.line() == code_of(errc::owner_gone) + " waited");
  CHECK(waiter.line() == "all fail");
  CHECK(eventually([&] { return f.empty(); }));
}

TEST_CASE("a stale socket of a dead owner refuses, and is replaced", "[process][attach][crash]") {
  folder f;
  {
    peer owner({"publish", f.path("q")});
    const pid_t keeper = std::stoi(owner.line());
    // At one instant: neither can do anything for the other.
    ::kill(owner.pid(), SIGSTOP);
    ::kill(keeper, SIGSTOP);
    ::kill(keeper, SIGKILL);
    owner.kill();
    REQUIRE(eventually([&] { return ::kill(keeper, 0) != 0; }));
  }
  REQUIRE(is_there(f.path("q")));
  peer early({"attach", f.path("q")});
  CHECK_THAT(early.line(), Catch::StartsWith(code_of(errc::owner_gone)));
  peer next({"publish", f.path("q")});
  REQUIRE_FALSE(next.line().empty());
  peer late({"attach", f.path("q")});
  CHECK(late.line() == "attached jobs");
}

TEST_CASE("a second publisher is refused, and told who is there", "[process][attach]") {
  folder f;
  peer owner({"publish", f.path("q")});
  const std::string keeper = owner.line();
  peer second({"try_publish", f.path("q")});
  const std::string said = second.line();
  CHECK_THAT(said, Catch::StartsWith(code_of(errc::other_owner)));
  CHECK_THAT(said, Catch::Contains("process " + keeper));
  peer attached({"attach", f.path("q")});
  CHECK(attached.line() == "attached jobs");
}

TEST_CASE("of publishers that race for a stale name one wins", "[process][attach]") {
  folder f;
  bulkhead::runtime first;
  bulkhead::runtime second;
  const queue<int> q1{first};
  const queue<int> q2{second};
  for (int round = 0; round < 200; ++round) {
    leave_stale(f.path("q"));
    std::error_code e1;
    std::error_code e2;
    bulkhead::publication p1;
    bulkhead::publication p2;
    std::atomic<bool> go{false};
    std::thread other([&] {
      while (!go) {
      }
      p1 = bulkhead::publish(first, f.path("q"), q1, {}, e1);
    });
    go = true;
    p2 = bulkhead::publish(second, f.path("q"), q2, {}, e2);
    other.join();
    REQUIRE(bool(p1) != bool(p2));
    REQUIRE((e1 ? e1 : e2) == errc::other_owner);
    REQUIRE(std::distance(std::filesystem::directory_iterator(f.root()), {}) == 1);
    p1.stop();
    p2.stop();
    REQUIRE(f.empty());
  }
}

TEST_CASE("a file that is no socket is left alone", "[process][attach]") {
  folder f;
  std::filesystem::create_directory(f.path("q"));
  bulkhead::runtime rt;
  const queue<int> q{rt};
  std::error_code ec;
  CHECK_FALSE(bulkhead::publish(rt, f.path("q"), q, {}, ec));
  CHECK(ec == std::errc::file_exists);
  CHECK(is_there(f.path("q")));
}

TEST_CASE("a name that was replaced by hand is left alone", "[process][attach]") {
  folder f;
  bulkhead::runtime rt;
  const queue<int> q{rt};
  auto first = bulkhead::publish(rt, f.path("q"), q);
  std::filesystem::remove(f.path("q"));
  const auto second = bulkhead::publish(rt, f.path("q"), q);
  first.stop();
  CHECK(is_there(f.path("q")));
}

TEST_CASE("when a child that published ends its name goes", "[process][attach][crash]") {
  folder f;
  bulkhead::runtime rt;
  queue<int> q{rt};
  queue<int> published{rt};
  auto child = rt.spawn(
      [](std::string path, queue<int> mine, queue<int> ready) {
        const auto open = bulkhead::publish(bulkhead::this_process::runtime(), path, mine);
        ready.send(1);
        static_cast<void>(mine.receive());
      },
      f.path("q"), q, published);
  REQUIRE(published.receive_for(bulkhead_test::soon) == 1);
  REQUIRE(is_there(f.path("q")));
  child.kill();
  CHECK(eventually([&] { return f.empty(); }));
}

TEST_CASE("a child that waits in an attached queue can be asked to stop", "[process][attach]") {
  folder f;
  bulkhead::runtime rt;
  const queue<int> q{rt};
  q.send(1);
  const auto open = bulkhead::publish(rt, f.path("q"), q);
  peer parent({"stop_child", f.path("q")});
  CHECK(parent.line() == "waiting");
  CHECK(parent.line() == make_error_code(errc::stop_requested).message());
}

TEST_CASE("handles that outlive the attached program's runtime say so", "[process][attach]") {
  folder f;
  bulkhead::runtime rt;
  const queue<int> q{rt};
  const auto open = bulkhead::publish(rt, f.path("q"), q);
  queue<int> kept;
  {
    bulkhead::runtime other;
    kept = bulkhead::attach<queue<int>>(other, f.path("q"));
    kept.send(1);
  }
  std::error_code ec;
  kept.send(2, ec);
  CHECK(ec == errc::runtime_gone);
  CHECK(q.receive_for(bulkhead_test::soon) == 1);
}
