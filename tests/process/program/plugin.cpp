// A library that a program loads while it runs: built twice, with different answers.
namespace {

// What its constructors made is there before a function of it is called.
struct factor {
  int value = PLUGIN_FACTOR;
  factor() noexcept { ++value; }
};
const factor made;

}  // namespace

extern "C" int plugin_multiply(int n) { return n * (made.value - 1); }
