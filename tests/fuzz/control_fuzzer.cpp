#include "fuzz/control_bodies.hpp"
#include "fuzz/fuzz.hpp"

// The first byte chooses a body of the control protocol, the rest is read as its bytes.

extern "C" int LLVMFuzzerInitialize(int*, char***) {
  bulkhead_fuzz::seed_writer seeds;
  const auto& bodies = bulkhead_fuzz::control_bodies();
  for (std::size_t n = 0; n < bodies.size(); ++n) seeds.write(n, bodies[n].seed);
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const auto& bodies = bulkhead_fuzz::control_bodies();
  const auto* const first = reinterpret_cast<const std::byte*>(data) + 1;
  // A copy of its own, so that the sanitizer sees a read beyond its end.
  const std::vector<std::byte> wire(first, first + size - 1);
  bodies[data[0] % bodies.size()].read(wire);
  return 0;
}
