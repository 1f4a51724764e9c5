#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <bulkhead/errc.hpp>
#include <thread>

#include "os/fork_guard.hpp"
#include "os/function_name.hpp"
#include "os/futex.hpp"
#include "os/segment.hpp"
#include "process/keeper_support/host.hpp"
#include "process/library/few_descriptors.hpp"
#include "support/catch.hpp"

using namespace bulkhead;
using namespace std::chrono_literals;

namespace {

int some_function() { return 21; }

std::error_code failure_of_find(const os::control::function_name& name) {
  try {
    static_cast<void>(os::find_function(name));
    return {};
  } catch (const std::system_error& failure) {
    return failure.code();
  }
}

}  // namespace

TEST_CASE("a function's name leads back to it", "[os][unit]") {
  const auto lambda = +[] { return 42; };
  const void* addresses[] = {reinterpret_cast<const void*>(&some_function),
                             reinterpret_cast<const void*>(lambda),
                             ::dlsym(RTLD_DEFAULT, "getpid")};
  for (const void* address : addresses) {
    const auto name = os::name_function(address);
    CHECK_FALSE(name.build_id.empty());
    CHECK(os::find_function(name) == address);
  }
}

TEST_CASE("a name that leads nowhere is refused", "[os][unit]") {
  auto name = os::name_function(reinterpret_cast<const void*>(&some_function));
  CHECK(os::find_function({}) == nullptr);
  name.offset += 1u << 30;
  CHECK(failure_of_find(name) == errc::start_failed);
  name.offset = 0;  // the ELF header is no code
  CHECK(failure_of_find(name) == errc::start_failed);
  CHECK(failure_of_find({"00", "", 0}) == errc::start_failed);
  CHECK(failure_of_find({"00", "/nowhere.so", 0}) == errc::start_failed);
  CHECK(failure_of_find({"", "/nowhere.so", 0}) == errc::start_failed);
  int on_the_stack = 0;
  CHECK_THROWS_AS(os::name_function(&on_the_stack), bulkhead::error);
}

TEST_CASE("a forked copy knows that it is one", "[os][unit]") {
  const os::fork_guard guard;
  CHECK(guard.in_original_process());
  const pid_t copy = ::fork();
  if (copy == 0) ::_exit(guard.in_original_process() ? 1 : 0);
  int status = -1;
  ::waitpid(copy, &status, 0);
  CHECK(status == 0);
}

TEST_CASE("a futex wait tells why it ended", "[os][unit]") {
  std::atomic<std::uint32_t> word{1};
  CHECK(os::futex_wait(word, 2) == os::wait_result::changed);
  const auto past = std::chrono::steady_clock::now() - 1s;
  CHECK(os::futex_wait(word, 1, past) == os::wait_result::timed_out);
  std::atomic<bool> done{false};
  std::thread waker([&] {
    while (!done) os::futex_wake_all(word);
  });
  CHECK(os::futex_wait(word, 1, std::chrono::steady_clock::now() + 10s) == os::wait_result::woken);
  done = true;
  waker.join();
}

TEST_CASE("a segment keeps its size and its mappings stay out of forked copies", "[os][unit]") {
  const os::unique_fd segment = os::make_segment("test", 8192);
  CHECK(os::sealed_bytes(segment.get()) == 8192);
  CHECK(::ftruncate(segment.get(), 4096) != 0);
  CHECK(os::sealed_bytes(0) == 0);
  CHECK(os::reserve_range(segment.get(), 4096, 1 << 20));  // beyond the sealed size
  const os::mapping map(segment.get(), 0, 8192, os::access::read_write);
  map.data()[0] = std::byte{1};
  const pid_t copy = ::fork();
  if (copy == 0) {
    ::signal(SIGSEGV, SIG_DFL);
    ::_exit(std::to_integer<int>(*static_cast<volatile std::byte*>(map.data())));
  }
  int status = 0;
  ::waitpid(copy, &status, 0);
  CHECK(WIFSIGNALED(status));
}

TEST_CASE("nobody maps a sealed directory for writing", "[os][unit]") {
  const os::unique_fd segment = os::make_segment("test", 4096);
  const os::mapping before(segment.get(), 0, 4096, os::access::read_write);
  os::seal_future_writes(segment.get());
  CHECK_THROWS_AS(os::mapping(segment.get(), 0, 4096, os::access::read_write), std::system_error);
  const os::mapping after(segment.get(), 0, 4096, os::access::read);
  before.data()[7] = std::byte{3};
  CHECK(after.data()[7] == std::byte{3});
}

TEST_CASE("a datagram carries body and descriptors, large bodies too", "[os][unit]") {
  const std::size_t size =
      GENERATE(std::size_t{0}, std::size_t{100}, std::size_t{32768}, std::size_t{5'000'000});
  auto [a, b] = os::channel::make_pair();
  const std::vector<std::byte> body(size, std::byte{9});
  const os::unique_fd file = os::make_segment("test", 4096);
  const std::vector<int> descriptors(63, file.get());
  REQUIRE_FALSE(a.send(os::control::kind::spawn, body, descriptors));
  os::datagram got;
  REQUIRE(b.receive(got) == os::receive_result::received);
  std::vector<std::byte> read;
  CHECK(got.head.kind == os::control::kind::spawn);
  CHECK(got.read(read));
  CHECK(read == body);
  REQUIRE(got.descriptors.size() == 63);
  CHECK((::fcntl(got.descriptors[62].get(), F_GETFD) & FD_CLOEXEC) != 0);
  CHECK(b.receive(got) == os::receive_result::nothing);
  a.close();
  CHECK(b.receive(got) == os::receive_result::ended);
}

TEST_CASE("a datagram that is long says what it was where no descriptor is left", "[os][unit]") {
  auto [a, b] = os::channel::make_pair();
  REQUIRE_FALSE(a.send(os::control::kind::spawn, std::vector<std::byte>(40'000)));
  os::datagram got;
  {
    const bulkhead_test::low_limit few(64);
    const auto taken = bulkhead_test::take_all_descriptors();
    REQUIRE(b.receive(got) == os::receive_result::garbage);
  }
  CHECK(got.lost_descriptors);  // it is refused, and its sender not punished
  CHECK(got.head.kind == os::control::kind::spawn);
}

TEST_CASE("a segment that is no queue is corrupt, not mapped", "[os][unit]") {
  const core::platform platform = os::make_platform();
  const auto join = [&](os::unique_fd segment) {
    try {
      const os::queue_memory memory(std::move(segment), platform);
      return std::error_code();
    } catch (const bulkhead::error& failure) {
      return failure.code();
    }
  };
  CHECK(join(os::make_segment("test", 1 << 20)) == errc::corrupt);
  CHECK(join(os::make_segment("test", 8)) == errc::corrupt);
  CHECK(join(os::unique_fd(::open("/dev/null", O_RDWR | O_CLOEXEC))) == errc::corrupt);
}
