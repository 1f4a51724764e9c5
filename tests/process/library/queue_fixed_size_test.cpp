#include <array>
#include <bulkhead/bulkhead.hpp>
#include <support/catch.hpp>

namespace {

template <std::size_t Words>
struct block {
  std::array<std::uint64_t, Words> words{};
  static block of(std::uint64_t n) {
    block b;
    for (std::size_t w = 0; w < Words; ++w) b.words[w] = n * 1000 + w;
    return b;
  }
  friend bool operator==(const block&, const block&) = default;
};

template <class T>
struct round_trip {
  bulkhead::runtime rt;
  bulkhead::queue<T> in{rt, {.capacity = 100}};
  bulkhead::queue<T> out{rt, {.capacity = 100}};
};

// More than once round the ring, so that the first calls of a lap and the later ones are met.
constexpr std::uint64_t messages = 250;

}  // namespace

// A slot holds up to 112 bytes; larger ones lie elsewhere.
TEMPLATE_TEST_CASE("messages of one size arrive whole, where they fit a slot and where not",
                   "[queue]", block<1>, block<6>, block<7>, block<14>, block<15>, block<128>,
                   block<9000>) {
  round_trip<TestType> two;
  bool taken_whole = true;
  bool forwarded_whole = true;
  bool received_whole = true;
  for (std::uint64_t n = 0; n < messages; ++n) {
    two.in.send(TestType::of(n));
    two.in.send(TestType::of(n + 1));
    auto d = two.in.take();
    taken_whole = taken_whole && *d == TestType::of(n);
    d.forward(two.out, TestType::of(n + 2));
    received_whole = received_whole && two.in.receive() == TestType::of(n + 1);
    forwarded_whole = forwarded_whole && two.out.receive() == TestType::of(n + 2);
  }
  CHECK(taken_whole);
  CHECK(forwarded_whole);
  CHECK(received_whole);
}
