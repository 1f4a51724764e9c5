#pragma once

#include <bulkhead/actors/compat.hpp>
#include <bulkhead/actors/detail/names.hpp>
#include <bulkhead/detail/codec.hpp>
#include <bulkhead/message.hpp>
#include <cstddef>
#include <cstdint>
#include <span>
#include <tuple>
#include <utility>

// How the messages of a typed handle travel: the signature's number, then the values one after the
// other. Encoders come from the signatures; none of CAF's serialisers is in the way.
namespace bulkhead::actors::detail {

/// The messages of one handle type. One object a type, for all its actors.
class message_codec {
 public:
  using endpoint_source = bulkhead::detail::endpoint_source;

  static constexpr std::uint32_t none = ~std::uint32_t{0};

  /// @returns the number of the signature that a message fits; none.
  [[nodiscard]] virtual std::uint32_t find(const compat::message_values& content) const = 0;
  // @limits signature: what `find` returned for the content; what the other side sent is checked.
  [[nodiscard]] virtual std::size_t input_size(std::uint32_t signature,
                                               const compat::message_values& content) const = 0;
  virtual void write_input(std::uint32_t signature, const compat::message_values& content,
                           bulkhead::detail::encoder& to) const = 0;
  /// @returns nullptr: these bytes are none.
  [[nodiscard]] virtual caf::mailbox_element_ptr read_input(std::uint32_t signature,
                                                            std::span<const std::byte> bytes,
                                                            caf::strong_actor_ptr sender,
                                                            caf::message_id id,
                                                            endpoint_source* names) const = 0;
  /// @returns false: the content is no answer of that signature.
  [[nodiscard]] virtual bool is_output(std::uint32_t signature,
                                       const compat::message_values& content) const = 0;
  [[nodiscard]] virtual std::size_t output_size(std::uint32_t signature,
                                                const compat::message_values& content) const = 0;
  virtual void write_output(std::uint32_t signature, const compat::message_values& content,
                            bulkhead::detail::encoder& to) const = 0;
  [[nodiscard]] virtual caf::mailbox_element_ptr read_output(std::uint32_t signature,
                                                             std::span<const std::byte> bytes,
                                                             caf::strong_actor_ptr sender,
                                                             caf::message_id id,
                                                             endpoint_source* names) const = 0;
  /// True when such a message may name handles or mailboxes: then it is written by an encoder that
  /// collects them, and read with a source of them.
  [[nodiscard]] virtual bool input_names(std::uint32_t signature) const = 0;
  [[nodiscard]] virtual bool output_names(std::uint32_t signature) const = 0;

 protected:
  ~message_codec() = default;
};

// One value of a message.
template <class T>
struct value_codec {
  static_assert(bulkhead::detail::require_message<T>());
  static constexpr bool names = may_name<T>();
  static std::size_t size(const T& value) { return bulkhead::detail::encoded_size(value); }
  static void write(bulkhead::detail::encoder& to, const T& value) {
    bulkhead::detail::encode(to, value);
  }
  static T read(bulkhead::detail::decoder& from) { return bulkhead::detail::decode<T>(from); }
};
/// What a value's type is to programs that exchange it.
template <class T>
struct wire_type {
  static std::uint64_t fingerprint() {
    if constexpr (compat::constant<T>::value) {
      return bulkhead::detail::mix(bulkhead::detail::hash_of("atom"),
                                   compat::constant<T>::number());
    } else {
      return bulkhead::detail::fingerprint_of<T>();
    }
  }
};

/// A constant of the signature is known to both sides.
template <class T>
requires(compat::constant<T>::value) struct value_codec<T> {
  using stored = typename compat::constant<T>::stored;
  static constexpr bool names = false;
  static std::size_t size(const stored&) { return 0; }
  static void write(bulkhead::detail::encoder&, const stored&) {}
  static stored read(bulkhead::detail::decoder&) { return compat::constant<T>::value_there(); }
};

/// A list of values, as a message's content.
template <class... Ts>
struct values_codec {
  static std::uint64_t fingerprint() {
    std::uint64_t all = bulkhead::detail::hash_of("values");
    ((all = bulkhead::detail::mix(all, wire_type<Ts>::fingerprint())), ...);
    return all;
  }
  static consteval bool names() { return (value_codec<Ts>::names || ...); }
  static bool matches(const compat::message_values& content) {
    if constexpr (sizeof...(Ts) == 0) {
      return content.empty();
    } else {
      return content.match_elements<Ts...>();
    }
  }
  static std::size_t size(const compat::message_values& content) {
    return size(content, std::index_sequence_for<Ts...>());
  }
  static void write(const compat::message_values& content, bulkhead::detail::encoder& to) {
    write(content, to, std::index_sequence_for<Ts...>());
  }
  static caf::mailbox_element_ptr read(std::span<const std::byte> bytes,
                                       caf::strong_actor_ptr sender, caf::message_id id,
                                       bulkhead::detail::endpoint_source* source) {
    bulkhead::detail::decoder from(bytes, source);
    // In order, which arguments of a call are not.
    std::tuple<typename compat::constant<Ts>::stored...> all{value_codec<Ts>::read(from)...};
    if (from.failed() || from.left() != 0) return nullptr;
    return std::apply(
        [&](auto&... values) {
          if constexpr (sizeof...(Ts) == 0) {
            return compat::make_element(std::move(sender), id, caf::message());
          } else {
            return compat::make_element(std::move(sender), id, std::move(values)...);
          }
        },
        all);
  }

 private:
  template <std::size_t... N>
  static std::size_t size(const compat::message_values& content, std::index_sequence<N...>) {
    return (std::size_t{0} + ... +
            value_codec<Ts>::size(content.get_as<typename compat::constant<Ts>::stored>(N)));
  }
  template <std::size_t... N>
  static void write(const compat::message_values& content, bulkhead::detail::encoder& to,
                    std::index_sequence<N...>) {
    (value_codec<Ts>::write(to, content.get_as<typename compat::constant<Ts>::stored>(N)), ...);
  }
};
template <>
struct values_codec<void> : values_codec<> {};

/// What a signature takes and gives. Its lists are deduced, so that no name of CAF's `detail` is
/// used.
template <class Signature>
struct signature_codec;
template <template <class, class> class Signature, template <class...> class Inputs, class... Ins,
          template <class...> class Outputs, class... Outs>
struct signature_codec<Signature<Inputs<Ins...>, Outputs<Outs...>>> {
  using input = values_codec<Ins...>;
  using output = values_codec<Outs...>;
};
template <template <class...> class Result, class... Ins, class... Outs>
struct signature_codec<Result<Outs...>(Ins...)> {
  using input = values_codec<Ins...>;
  using output = values_codec<Outs...>;
};

template <class Signatures>
class codec_of;
template <template <class...> class List, class... Signatures>
class codec_of<List<Signatures...>> final : public message_codec {
 public:
  static const codec_of& instance() {
    static const codec_of one;
    return one;
  }

  /// Two programs' handles are of one type where this is equal.
  static std::uint64_t fingerprint() {
    std::uint64_t all = bulkhead::detail::hash_of("interface");
    ((all = bulkhead::detail::mix(
          all, bulkhead::detail::mix(signature_codec<Signatures>::input::fingerprint(),
                                     signature_codec<Signatures>::output::fingerprint()))),
     ...);
    return all;
  }
  [[nodiscard]] std::uint32_t find(const compat::message_values& content) const override {
    std::uint32_t number = 0;
    const bool found =
        ((signature_codec<Signatures>::input::matches(content) || (++number, false)) || ...);
    return found ? number : none;
  }
  [[nodiscard]] std::size_t input_size(std::uint32_t signature,
                                       const compat::message_values& content) const override {
    return with<std::size_t>(signature, [&]<class S>() { return S::input::size(content); });
  }
  void write_input(std::uint32_t signature, const compat::message_values& content,
                   bulkhead::detail::encoder& to) const override {
    with<int>(signature, [&]<class S>() { return S::input::write(content, to), 0; });
  }
  [[nodiscard]] caf::mailbox_element_ptr read_input(std::uint32_t signature,
                                                    std::span<const std::byte> bytes,
                                                    caf::strong_actor_ptr sender,
                                                    caf::message_id id,
                                                    endpoint_source* names) const override {
    return with<caf::mailbox_element_ptr>(
        signature, [&]<class S>() { return S::input::read(bytes, std::move(sender), id, names); });
  }
  [[nodiscard]] bool is_output(std::uint32_t signature,
                               const compat::message_values& content) const override {
    return with<bool>(signature, [&]<class S>() { return S::output::matches(content); });
  }
  [[nodiscard]] std::size_t output_size(std::uint32_t signature,
                                        const compat::message_values& content) const override {
    return with<std::size_t>(signature, [&]<class S>() { return S::output::size(content); });
  }
  void write_output(std::uint32_t signature, const compat::message_values& content,
                    bulkhead::detail::encoder& to) const override {
    with<int>(signature, [&]<class S>() { return S::output::write(content, to), 0; });
  }
  [[nodiscard]] caf::mailbox_element_ptr read_output(std::uint32_t signature,
                                                     std::span<const std::byte> bytes,
                                                     caf::strong_actor_ptr sender,
                                                     caf::message_id id,
                                                     endpoint_source* names) const override {
    return with<caf::mailbox_element_ptr>(
        signature, [&]<class S>() { return S::output::read(bytes, std::move(sender), id, names); });
  }
  [[nodiscard]] bool input_names(std::uint32_t signature) const override {
    return with<bool>(signature, []<class S>() { return S::input::names(); });
  }
  [[nodiscard]] bool output_names(std::uint32_t signature) const override {
    return with<bool>(signature, []<class S>() { return S::output::names(); });
  }

 private:
  // A number that the other side made up finds R{}.
  template <class R, class Fn>
  static R with(std::uint32_t signature, [[maybe_unused]] Fn fn) {
    R result{};
    std::uint32_t number = 0;
    static_cast<void>(((number++ == signature &&
                        (result = fn.template operator()<signature_codec<Signatures>>(), true)) ||
                       ...));
    return result;
  }
};

}  // namespace bulkhead::actors::detail
