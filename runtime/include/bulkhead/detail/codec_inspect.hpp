#pragma once

#include <bulkhead/detail/codec_bytes.hpp>
#include <bulkhead/detail/codec_endpoint.hpp>
#include <bulkhead/detail/codec_scalar.hpp>
#include <bulkhead/detail/inspector.hpp>
#include <stdexcept>
#include <type_traits>

namespace bulkhead::detail {

// What an inspection does with each field.

struct measure_fields {
  static constexpr inspect_mode mode = inspect_mode::save;
  size_meter* meter;
  template <class T>
  bool field(const T& value) {
    if constexpr (does_fit<T, true>()) measure_value(*meter, value);
    return true;
  }
};

struct write_fields {
  static constexpr inspect_mode mode = inspect_mode::save;
  encoder* to;
  template <class T>
  bool field(const T& value) {
    if constexpr (does_fit<T, true>()) write_value(*to, value);
    return true;
  }
};

struct read_fields {
  static constexpr inspect_mode mode = inspect_mode::load;
  decoder* from;
  template <class T>
  bool field(T& value) {
    if constexpr (does_fit<T, true>()) return read_value(*from, value);
    return false;
  }
};

/// Puts the fields' types into a fingerprint. `Enclosing` has the inspected type itself in front.
template <class... Enclosing>
struct hash_fields {
  static constexpr inspect_mode mode = inspect_mode::look;
  std::uint64_t hash;
  template <class T>
  bool field(T&) {
    return type<std::remove_const_t<T>>();
  }
  template <class T>
  bool type() {
    hash = mix(hash, walk_type<T, Enclosing...>());
    return true;
  }
};

/// Has the compiler say which field's type does not fit; never run.
template <bool Endpoints_fit>
struct check_fields {
  static constexpr inspect_mode mode = inspect_mode::look;
  template <class T>
  bool field(T&) {
    return type<std::remove_const_t<T>>();
  }
  template <class T>
  bool type() {
    return require<T, Endpoints_fit>();
  }
};

/// A class with an `inspect(f, x)` beside it, as CAF 0.17 or CAF 1.x use it.
template <class T>
concept inspected =
    std::is_class_v<T> && std::is_same_v<T, std::remove_cv_t<T>> && !bytes_class<T> &&
    !endpoint<T> && requires(inspector<hash_fields<>> & f, T& value) {
  inspect(f, value);
};

/// Runs the user's `inspect`. Saving does not change the value, but the overload takes it as one
/// that it may change.
template <class T, class Action>
bool run_inspect(inspector<Action>& f, const T& value) {
  auto& object = const_cast<T&>(value);
  using result = decltype(inspect(f, object));
  if constexpr (std::is_void_v<result>) {
    inspect(f, object);
  } else if constexpr (std::is_same_v<result, bool>) {
    f.note(inspect(f, object));
  } else {
    f.note(!static_cast<bool>(inspect(f, object)));
  }
  return f.good();
}

/// The number of fields in a byte, then the fields that `inspect` names, in its order. So even one
/// without fields takes a byte, and lists of them need no bound of their own.
template <inspected T>
struct codec<T> {
  using parts = type_list<>;  // known only to the inspection
  static constexpr refusal why =
      std::is_default_constructible_v<T> ? refusal::none : refusal::not_default;
  static constexpr bool named = true;
  static constexpr std::uint64_t seed = hash_of("inspected");
  static constexpr bool fixed = false;
  static constexpr std::size_t min_size = 1;

  static void measure(size_meter& meter, const T& value) {
    if (!meter.enter()) return;
    meter.add(1);
    inspector<measure_fields> f({&meter});
    if (!run_inspect(f, value)) {
      throw std::invalid_argument("bulkhead: a message's own inspect refuses to save it");
    }
    meter.leave();
  }

  static void write(encoder& to, const T& value) {
    std::byte* const count = to.room(1);
    inspector<write_fields> f({&to});
    static_cast<void>(run_inspect(f, value));
    *count = f.count();
  }

  static bool read(decoder& from, T& value) {
    std::byte count{};
    if (!from.enter() || !from.get(&count, 1)) return false;
    inspector<read_fields> f({&from});
    const bool good = run_inspect(f, value) && count == f.count();
    from.leave();
    return good;
  }

  /// Of the fields. Not a constant: only a run of `inspect` knows them.
  template <class... Enclosing>
  static std::uint64_t fields_fingerprint() {
    const T value{};
    inspector<hash_fields<T, Enclosing...>> f({seed});
    static_cast<void>(run_inspect(f, value));
    return mix(f.action().hash, static_cast<std::uint64_t>(f.count()));
  }

  /// Never run: its address makes the compiler look at every field.
  template <bool Endpoints_fit>
  static bool check(T& value) {
    inspector<check_fields<Endpoints_fit>> f({});
    return run_inspect(f, value);
  }
};

}  // namespace bulkhead::detail
