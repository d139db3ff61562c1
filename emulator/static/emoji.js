// A small set of emoji shortcodes; unknown shortcodes stay as :name:.

const PAIRS = `
  white_check_mark ✅ heavy_check_mark ✔️ ballot_box_with_check ☑️ x ❌ negative_squared_cross_mark ❎ no_entry ⛔
  no_entry_sign 🚫 warning ⚠️ rotating_light 🚨 hourglass ⌛ hourglass_flowing_sand ⏳ alarm_clock ⏰ stopwatch ⏱️
  clock1 🕐 clock3 🕒 tada 🎉 rocket 🚀 wave 👋 eyes 👀 pray 🙏 clap 👏 +1 👍 thumbsup 👍 -1 👎 thumbsdown 👎 ok_hand 👌
  raised_hands 🙌 smile 😄 slightly_smiling_face 🙂 grinning 😀 wink 😉 thinking_face 🤔 cry 😢 heart ❤️ fire 🔥 star ⭐
  sparkles ✨ bulb 💡 memo 📝 pencil ✏️ pencil2 ✏️ clipboard 📋 page_facing_up 📄 package 📦 truck 🚚 credit_card 💳
  moneybag 💰 dollar 💵 receipt 🧾 shopping_trolley 🛒 calendar 📅 date 📅 spiral_calendar_pad 🗓️ palm_tree 🌴
  airplane ✈️ computer 💻 briefcase 💼 bell 🔔 no_bell 🔕 mega 📣 loudspeaker 📢 email 📧 envelope ✉️
  incoming_envelope 📨 inbox_tray 📥 outbox_tray 📤 lock 🔒 unlock 🔓 key 🔑 link 🔗 mag 🔍 gear ⚙️ wrench 🔧 hammer 🔨
  robot_face 🤖 bust_in_silhouette 👤 busts_in_silhouette 👥 speech_balloon 💬 thought_balloon 💭 question ❓
  exclamation ❗ information_source ℹ️ arrow_right ➡️ arrow_left ⬅️ arrow_up ⬆️ arrow_down ⬇️
  leftwards_arrow_with_hook ↩️ arrows_counterclockwise 🔄 repeat 🔁 heavy_plus_sign ➕ heavy_minus_sign ➖
  red_circle 🔴 large_blue_circle 🔵 large_green_circle 🟢 large_yellow_circle 🟡 large_orange_circle 🟠
  white_circle ⚪ black_circle ⚫ zzz 💤 seedling 🌱 trophy 🏆 hash #️⃣ one 1️⃣ two 2️⃣ three 3️⃣ four 4️⃣ five 5️⃣
`
  .trim()
  .split(/\s+/);
const COMMON = new Map(PAIRS.flatMap((word, index) => (index % 2 ? [] : [[word, PAIRS[index + 1]]])));

/** The character for a shortcode, or undefined. */
export function emoji(name) {
  return COMMON.get(name);
}

/** Replace all known :shortcodes: in a text. */
export function withEmoji(text) {
  return String(text ?? "").replace(/:([a-z0-9_+-]+):/g, (whole, name) => emoji(name) ?? whole);
}
