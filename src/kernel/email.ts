/** E-mail addresses, as the contract's `format: email` accepts them. */

const ADDRESS =
  /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*@(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/i;

const ADDRESS_LENGTH_MAX = 254;
const LENGTH_MAX = 2000;

/** One address or several between commas, without blanks around them; null when one of them is none. */
export function readEmails(text: string): string | null {
  if (text.length > LENGTH_MAX) return null;
  const addresses = text.split(",").map((address) => address.trim());
  const areAddresses = addresses.every((address) => address.length <= ADDRESS_LENGTH_MAX && ADDRESS.test(address));
  return areAddresses ? addresses.join(",") : null;
}
