// Pictures that are filled and read where they lie: between the camera, the filter and the
// display no picture is copied, and none is lost when the filter is killed.
#include <algorithm>
#include <array>
#include <bulkhead/bulkhead.hpp>
#include <cstdint>
#include <iostream>
#include <numeric>

using samples = std::vector<std::uint16_t>;
constexpr std::size_t picture_samples = 640 * 480;
constexpr int pictures = 20;

struct summary {
  std::uint32_t number;
  std::uint64_t sum;
};

void camera(bulkhead::queue<samples> out) {
  for (std::uint16_t n = 0; n < pictures; ++n) {
    auto room = out.loan(picture_samples);  // 600 KiB, somewhere in the queue
    std::fill(room.span().begin(), room.span().end(), n);
    out.send(std::move(room));
  }
}

void filter(bulkhead::queue<samples> in, bulkhead::queue<summary> out) {
  for (;;) {
    std::error_code closed;
    auto picture = in.take_in_place(closed);  // a lease: killed here, another filter gets it again
    if (closed) return;
    const auto pixels = picture.span();
    picture.forward(out, summary{pixels.front(),
                                 std::accumulate(pixels.begin(), pixels.end(), std::uint64_t{0})});
  }
}

int main(int argc, char** argv) {
  bulkhead::init(argc, argv);
  bulkhead::runtime rt;
  bulkhead::queue<samples> raw{rt, {.capacity = 4, .payload_bytes = 4 << 20}};
  bulkhead::queue<summary> done{rt};
  bulkhead::supervisor sup{rt};
  auto filtering = sup.start({.name = "filter"}, filter, raw, done);
  auto shooting = rt.spawn(camera, raw);

  std::array<int, pictures> seen{};
  for (int n = 0; n < pictures; ++n) {
    const summary s = done.receive();
    if (n == 5) filtering.kill();
    if (s.sum != s.number * picture_samples) return 1;  // torn
    ++seen.at(s.number);
  }
  const bool all_once = std::all_of(seen.begin(), seen.end(), [](int count) { return count == 1; });
  std::cout << pictures << " pictures, " << (all_once ? "each once" : "not each once") << '\n';
  return all_once ? 0 : 1;
}

// in_place:
//   20 pictures, each once
