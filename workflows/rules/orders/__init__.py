"""Rules of an order: form, saga, parcels, payments, snapshot."""
