#include <fcntl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>
#include <bulkhead/bulkhead.hpp>
#include <cstring>
#include <random>
#include <string>
#include <vector>

#include "os/channel.hpp"
#include "os/keeper/publications.hpp"
#include "os/published_name.hpp"
#include "process/attach/programs.hpp"
#include "process/library/waits.hpp"
#include "support/catch.hpp"

// Peers that do not keep to the protocol.
using namespace std::chrono_literals;
using bulkhead::errc;
using bulkhead::queue;
using bulkhead::os::channel;
using bulkhead::os::datagram;
using bulkhead::os::receive_result;
using bulkhead::os::unique_fd;
using bulkhead_test::folder;
using bulkhead_test::peer;
namespace control = bulkhead::os::control;

namespace {

struct scene {
  folder f;
  bulkhead::runtime rt;
  queue<int> q{rt, {.name = "q"}};
  bulkhead::publication open = bulkhead::publish(rt, f.path("q"), q);

  channel connect() { return bulkhead::os::connect_to(f.path("q"), 5s); }
  // The keeper serves others as before.
  void check_alive() {
    peer other({"attach", f.path("q")});
    CHECK(other.line() == "attached q");
  }
};

unique_fd own_pidfd() {
  return unique_fd(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
}

control::attach good_request() {
  control::attach request;
  request.queue_format = bulkhead::core::queue_format;
  request.fingerprint = bulkhead::detail::fingerprint_of<int>();
  return request;
}

/// The error that comes back; 0: none; -1: no answer, the line is closed.
int answer_to(channel& line, const control::attach& request, std::vector<int> descriptors) {
  REQUIRE_FALSE(line.send(control::kind::attach, request, descriptors));
  datagram answer;
  const auto until = std::chrono::steady_clock::now() + 20s;
  if (line.receive_until(answer, until) != receive_result::received) return -1;
  return answer.head.error;
}

}  // namespace

TEST_CASE("a pidfd must be of the process that connected", "[process][attach][hostile]") {
  scene s;
  auto line = s.connect();
  const unique_fd self = own_pidfd();
  SECTION("of another process") {
    const unique_fd parent(static_cast<int>(::syscall(SYS_pidfd_open, ::getppid(), 0)));
    CHECK(answer_to(line, good_request(), {parent.get()}) == int(errc::not_permitted));
  }
  SECTION("another file") {
    const unique_fd file(::open("/proc/self/status", O_RDONLY | O_CLOEXEC));
    CHECK(answer_to(line, good_request(), {file.get()}) == int(errc::not_permitted));
  }
  SECTION("none") { CHECK(answer_to(line, good_request(), {}) == int(errc::corrupt)); }
  SECTION("its own") { CHECK(answer_to(line, good_request(), {self.get()}) == 0); }
  s.check_alive();
}

TEST_CASE("another protocol or segment format is unsupported, and says so",
          "[process][attach][hostile]") {
  scene s;
  auto line = s.connect();
  const unique_fd self = own_pidfd();
  auto request = good_request();
  if (const bool protocol = GENERATE(true, false); protocol) {
    request.format = 2;
  } else {
    request.queue_format += 1;
  }
  CHECK(answer_to(line, request, {self.get()}) == int(errc::unsupported));
}

TEST_CASE("random bytes at the door harm nobody", "[process][attach][hostile]") {
  scene s;
  std::mt19937 random(7);
  for (int round = 0; round < 200; ++round) {
    auto line = s.connect();
    std::vector<unsigned char> noise(random() % 200);
    for (auto& byte : noise) byte = static_cast<unsigned char>(random());
    // Half of them look like a request to attach.
    if (round % 2 == 0 && noise.size() > 12) {
      const unsigned char head[12] = {
          static_cast<unsigned char>(control::kind::attach), 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0};
      std::memcpy(noise.data(), head, sizeof head);
    }
    static_cast<void>(::send(line.fd(), noise.data(), noise.size(), MSG_NOSIGNAL));
    datagram answer;
    // It answers or hangs up, and waits for no more.
    if (noise.empty()) continue;
    CHECK(line.receive_until(answer, std::chrono::steady_clock::now() + 20s) !=
          receive_result::nothing);
  }
  s.check_alive();
}

TEST_CASE("an attached program that asks for what is not its own is refused",
          "[process][attach][hostile]") {
  scene s;
  const queue<int> other{s.rt};
  auto line = s.connect();
  const unique_fd self = own_pidfd();
  REQUIRE(answer_to(line, good_request(), {self.get()}) == 0);
  const auto refused = [&](control::kind kind, const auto& body) {
    REQUIRE_FALSE(line.send(kind, body));
    datagram answer;
    REQUIRE(line.receive_until(answer, std::chrono::steady_clock::now() + 20s) ==
            receive_result::received);
    return answer.head.error == int(errc::not_permitted);
  };
  using control::kind;
  CHECK(refused(kind::open_queue, control::queue_named{other.core().id()}));
  CHECK(refused(kind::join_queue, control::queue_named{other.core().id()}));
  CHECK(refused(kind::dead_letters, control::dead_letters_of{other.core().id(), 0}));
  CHECK(refused(kind::carry, control::carry{s.q.core().id(), {{0, {other.core().id()}}}}));
  CHECK(refused(kind::spawn, control::spawn{}));
  CHECK(refused(kind::make_queue, control::make_queue{}));
  CHECK(refused(kind::signal, control::signal{2, 9}));
  CHECK(refused(kind::publish, control::publish{}));
  CHECK(refused(kind::subscribe, control::done{}));
  CHECK_FALSE(refused(kind::join_queue, control::queue_named{s.q.core().id()}));
}

TEST_CASE("connections that say nothing are bounded, and make room in time",
          "[process][attach][hostile]") {
  scene s;
  std::vector<channel> silent;
  // Those that the keeper has taken in, and as many more as its backlog holds.
  for (std::size_t n = 0; n < bulkhead::os::publications::handshakes_max + 32; ++n) {
    silent.push_back(s.connect());
  }
  // The keeper goes on with all else.
  queue<int> other{s.rt};
  auto child = s.rt.spawn([](queue<int> to) { to.send(1); }, other);
  CHECK(other.receive_for(bulkhead_test::soon) == 1);
  // The silent ones are dropped after five seconds, twice.
  CHECK(bulkhead::attach<queue<int>>(s.rt, s.f.path("q")));
  datagram nothing;
  CHECK(silent.front().receive_until(nothing, std::chrono::steady_clock::now() + 20s) ==
        receive_result::ended);
}

TEST_CASE("a connection that goes away leaves its place", "[process][attach][hostile]") {
  scene s;
  for (std::size_t n = 0; n < 3 * bulkhead::os::publications::handshakes_max; ++n) s.connect();
  const auto before = std::chrono::steady_clock::now();
  s.check_alive();
  CHECK(std::chrono::steady_clock::now() - before < 4s);
}

TEST_CASE("somebody who keeps the directory locked is not waited for for ever",
          "[process][attach][hostile]") {
  folder f;
  bulkhead::runtime rt;
  const queue<int> q{rt};
  const auto lock = bulkhead::os::published_name::lock(f.path("q"), {});
  std::error_code ec;
  CHECK_FALSE(bulkhead::publish(rt, f.path("q"), q, {}, ec));
  CHECK(ec == errc::timed_out);
}

TEST_CASE("a publisher unlocks its directory, whoever keeps the open file", "[process][attach]") {
  folder f;
  bulkhead::os::unique_fd kept;  // as the keeper's vault does, after a kill before it unlocked
  {
    const auto name = bulkhead::os::published_name::lock(f.path("q"), {});
    kept = name.directory.duplicate();
  }
  const auto now = std::chrono::steady_clock::now();
  CHECK_NOTHROW(bulkhead::os::published_name::lock(f.path("q"), now));
}
