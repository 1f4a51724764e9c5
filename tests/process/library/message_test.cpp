#include <bulkhead/bulkhead.hpp>
#include <cstring>
#include <string>
#include <vector>

#include "process/library/waits.hpp"
#include "support/catch.hpp"

using bulkhead_test::soon;

namespace {

struct node {
  std::vector<node> kids;
};

node nodes(int depth) {
  node top;
  for (int n = 1; n < depth; ++n) {
    node above;
    above.kids.push_back(std::move(top));
    top = std::move(above);
  }
  return top;
}

int depth_of(const node& top) {
  int depth = 1;
  for (const node* n = &top; !n->kids.empty(); n = &n->kids.front()) ++depth;
  return depth;
}

std::uint64_t sum_of(const std::string& text) {
  std::uint64_t sum = text.size();
  for (std::size_t at = 0; at + 8 <= text.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + at, sizeof word);
    sum = sum * 31 + word;
  }
  return sum;
}

}  // namespace

// Hidden, for ./dev soak: memory that is touched for the first time makes it 5 s and more on a
// virtual machine.
TEST_CASE("a message of 1 GiB arrives whole", "[.][queue][process][soak]") {
  constexpr std::size_t gibibyte = std::size_t{1} << 30;
  bulkhead::runtime rt;
  bulkhead::queue<std::string> q{rt, {.payload_bytes = gibibyte + 4096}};
  bulkhead::queue<std::uint64_t> sums{rt};
  std::uint64_t expected = 0;
  {
    std::string text(gibibyte, 'x');
    for (std::size_t at = 0; at < text.size(); at += 4099) text[at] = static_cast<char>(at >> 12);
    expected = sum_of(text);
    q.send(text);
  }
  // Only now, so that two copies of it exist at a time and not three.
  auto p = rt.spawn([](bulkhead::queue<std::string> from,
                       bulkhead::queue<std::uint64_t> to) { to.send(sum_of(from.receive())); },
                    q, sums);
  const auto sum = sums.receive_for(soon);
  REQUIRE(sum.has_value());
  CHECK(*sum == expected);
}

TEST_CASE("what nests too deep for a receiver is refused when it is sent", "[queue][process]") {
  constexpr int deepest = 64;
  bulkhead::runtime rt;
  bulkhead::queue<node> q{rt, {.capacity = 1}};
  q.send(nodes(deepest));
  // At once, although the queue is full: waiting would not help.
  std::error_code ec;
  q.send(nodes(deepest + 1), ec);
  CHECK(ec == bulkhead::errc::too_large);
  CHECK_THROWS_AS(q.send(nodes(deepest + 1)), bulkhead::error);
  const auto got = q.try_receive();
  REQUIRE(got.has_value());
  CHECK(depth_of(*got) == deepest);

  // As an argument of a spawn too.
  CHECK_THROWS_AS(rt.spawn([](node) {}, nodes(deepest + 1)), bulkhead::error);
}
