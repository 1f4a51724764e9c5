#include <bulkhead/bulkhead.hpp>
#include <map>
#include <string>
#include <thread>

#include "process/library/waits.hpp"
#include "support/catch.hpp"

using namespace std::chrono_literals;
using bulkhead::pipe_end;
using bulkhead_test::soon;

namespace {

struct request {
  std::uint64_t number = 0;
  std::array<std::uint64_t, 7> rest{};
};

template <class T>
void echo(pipe_end<T, T> end) {
  std::error_code ec;
  for (T value = end.receive(ec); !ec; value = end.receive(ec)) end.send(value);
}

std::string text_of(std::size_t size) {
  std::string text(size, 'x');
  for (std::size_t n = 0; n < size; ++n) text[n] = static_cast<char>('a' + n % 23);
  return text;
}

}  // namespace

TEST_CASE("requests and replies go both ways between two processes", "[pipe][process]") {
  bulkhead::runtime rt;
  auto pipe = bulkhead::make_pipe<request, request>(rt);
  auto& a = pipe.first;
  auto& b = pipe.second;
  auto p = rt.spawn(echo<request>, std::move(b));
  CHECK_FALSE(b);
  bool right = true;
  for (std::uint64_t n = 0; n < 2000; ++n) {
    request r;
    r.number = n;
    r.rest.fill(n * 3);
    a.send(r);
    const request got = a.receive();
    right = right && got.number == n && got.rest == r.rest;
  }
  CHECK(right);
  a.close();
  CHECK(p.join().success());
}

TEST_CASE("a message of any size goes through a pipe, larger than its ring too",
          "[pipe][process]") {
  bulkhead::runtime rt;
  auto pipe = bulkhead::make_pipe<std::string, std::string>(rt, {.ring_bytes = 64 * 1024});
  auto& a = pipe.first;
  auto& b = pipe.second;
  auto p = rt.spawn(echo<std::string>, std::move(b));
  for (const std::size_t size :
       {0u, 1u, 12u, 100u, 16'000u, 16'384u, 17'000u, 65'536u, 100'000u, 20'000'000u}) {
    const std::string text = text_of(size);
    a.send(text);
    const auto got = a.receive_for(soon);
    REQUIRE(got.has_value());
    CHECK((*got == text));
  }
  CHECK_THROWS_WITH(a.try_send(text_of(100'000)), Catch::Contains("too large"));
}

TEST_CASE("maps, options and empty messages go through a pipe", "[pipe]") {
  bulkhead::runtime rt;
  using map = std::map<std::string, std::optional<int>>;
  struct nothing {};
  auto pipe = bulkhead::make_pipe<map, nothing>(rt);
  auto& a = pipe.first;
  auto& b = pipe.second;
  const map value{{"one", 1}, {"none", std::nullopt}};
  a.send(value);
  CHECK(b.receive() == value);
  b.send({});
  b.send({});
  static_cast<void>(a.receive());
  CHECK(a.try_receive().has_value());
  CHECK_FALSE(a.try_receive().has_value());
}

TEST_CASE("a large message that times out is given up, and the next one arrives", "[pipe]") {
  bulkhead::runtime rt;
  auto pipe = bulkhead::make_pipe<std::string, std::string>(rt, {.ring_bytes = 4096});
  auto& a = pipe.first;
  auto& b = pipe.second;
  CHECK_FALSE(a.send_for(text_of(1'000'000), 5ms));
  CHECK_FALSE(b.try_receive().has_value());
  a.send("next");
  CHECK(b.receive() == "next");
}

TEST_CASE("poll tells whether a receive would return at once", "[pipe]") {
  bulkhead::runtime rt;
  auto pipe = bulkhead::make_pipe<int, int>(rt);
  auto& a = pipe.first;
  auto& b = pipe.second;
  CHECK_FALSE(b.poll());
  CHECK_FALSE(b.poll(1ms));
  a.send(1);
  CHECK(b.poll());
  CHECK(b.poll(soon));
  CHECK(b.receive() == 1);
  CHECK_FALSE(b.poll());
  std::thread later([&] { a.send(2); });
  CHECK(b.poll(soon));
  later.join();
  CHECK(b.receive() == 2);
  a.close();
  CHECK(b.poll());
}

TEST_CASE("bad options of a pipe are refused by name", "[pipe]") {
  bulkhead::runtime rt;
  CHECK_THROWS_WITH((bulkhead::make_pipe<int, int>(rt, {.name = "p", .capacity = 0})),
                    Catch::Contains("'p'") && Catch::Contains("capacity"));
  CHECK_THROWS_WITH((bulkhead::make_pipe<int, int>(rt, {.ring_bytes = 10})),
                    Catch::Contains("ring_bytes"));
}
